using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Morgana.Composition.Generator;

/// <summary>A boot argument that a web application names in its code, <c>UseMorgana(new BootArgument("greeting", "TEXT", "Shown first", "hello"))</c>.</summary>
/// <remarks>Read where it stands in the call, of constants. One that is made elsewhere or computed is known only when the program runs.</remarks>
internal sealed record PlainArgument(string Name, string Value, string? Help, string? Default, string Group)
{
    private const string TypeName = "Morgana.Hosting.BootArgument";

    /// <summary>Those of all calls, in their order.</summary>
    public static IEnumerable<PlainArgument> In(IEnumerable<SyntaxNode> calls, Compilation compilation) =>
        calls.OfType<InvocationExpressionSyntax>().SelectMany(call => call.ArgumentList.DescendantNodes().OfType<BaseObjectCreationExpressionSyntax>())
            .Select(creation => Read(creation, compilation.GetSemanticModel(creation.SyntaxTree))).OfType<PlainArgument>();

    private static PlainArgument? Read(BaseObjectCreationExpressionSyntax creation, SemanticModel model)
    {
        if (model.GetSymbolInfo(creation).Symbol is not IMethodSymbol constructor || constructor.ContainingType.ToDisplayString() != TypeName) return null;
        var values = new Dictionary<string, string?>();
        var arguments = creation.ArgumentList?.Arguments ?? default;
        for (int i = 0; i < arguments.Count && i < constructor.Parameters.Length; i++)
        {
            string parameter = arguments[i].NameColon?.Name.Identifier.Text ?? constructor.Parameters[i].Name;
            var constant = model.GetConstantValue(arguments[i].Expression);
            if (!constant.HasValue) return null;
            values[parameter] = constant.Value as string;
        }

        string? Get(string parameter) => values.TryGetValue(parameter, out string? value) ? value : null;
        return Get("Name") is { } name ? new(name, Get("Value") ?? "", Get("Help"), Get("Default"), FindGroup(creation, model) ?? "Application") : null;
    }

    private static string? FindGroup(BaseObjectCreationExpressionSyntax creation, SemanticModel model) =>
        creation.Initializer?.Expressions.OfType<AssignmentExpressionSyntax>().FirstOrDefault(a => a.Left.ToString() == "Group") is { } group ? model.GetConstantValue(group.Right).Value as string : null;
}
