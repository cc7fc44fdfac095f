using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Morgana.Composition.Generator;

/// <summary>Whether a class can be a unikernel, and which method runs it.</summary>
internal static class UnikernelShape
{
    /// <summary>Why it cannot be one, or null.</summary>
    public static string? FindFault(INamedTypeSymbol type)
    {
        if (type.ContainingType is not null) return "it lies in another class";
        if (type.IsGenericType) return "it is generic";
        if (type.IsAbstract || type.IsStatic) return "no instance of it can be made";
        bool isPartial = type.DeclaringSyntaxReferences.Select(r => r.GetSyntax()).OfType<TypeDeclarationSyntax>().Any(d => d.Modifiers.Any(SyntaxKind.PartialKeyword));
        if (!isPartial) return "it is not partial, and its graph becomes a part of it: public sealed partial class " + type.Name;
        if (type.InstanceConstructors.All(c => c.DeclaredAccessibility is Accessibility.Private or Accessibility.Protected)) return "its constructor is private";
        int runs = type.GetMembers().OfType<IMethodSymbol>().Count(IsRun);
        return runs == 1 ? null
            : runs == 0 ? "it has none of: void Run(), int Run(), Task RunAsync(CancellationToken), Task<int> RunAsync(CancellationToken), not private"
            : "it has several methods that could run it";
    }

    public static IMethodSymbol Run(INamedTypeSymbol type) => type.GetMembers().OfType<IMethodSymbol>().Single(IsRun);

    private static bool IsRun(IMethodSymbol method)
    {
        if (method.IsStatic || method.IsGenericMethod || method.DeclaredAccessibility is Accessibility.Private or Accessibility.Protected) return false;
        if (method.Name == "Run") return method.Parameters.Length == 0 && method.ReturnType.SpecialType is SpecialType.System_Void or SpecialType.System_Int32;
        return method.Name == "RunAsync" && method.Parameters.Length == 1 && method.Parameters[0].Type.Name == "CancellationToken"
            && method.ReturnType is INamedTypeSymbol { Name: "Task" } task && (task.TypeArguments.Length == 0 || task.TypeArguments[0].SpecialType == SpecialType.System_Int32);
    }
}
