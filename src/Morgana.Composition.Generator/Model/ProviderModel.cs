using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;

namespace Morgana.Composition.Generator;

/// <summary>A method that makes a part.</summary>
internal sealed class ProviderModel
{
    public IMethodSymbol Method = null!;
    public ITypeSymbol Type = null!;            // What it gives, out of its task.
    public bool IsAwaited;
    public string? Name;
    public bool IsDefault;
    public bool IsOwn;
    public int Targets = TargetSet.All;
    public string? Help;

    public static ProviderModel Read(IMethodSymbol method, AttributeData attribute, bool isOwn)
    {
        var type = method.ReturnType;
        bool awaited = type is INamedTypeSymbol { Name: "Task" or "ValueTask", TypeArguments.Length: 1 };
        return new()
        {
            Method = method,
            Type = awaited ? ((INamedTypeSymbol)type).TypeArguments[0] : type,
            IsAwaited = awaited,
            Name = attribute.Text(),
            IsDefault = attribute.Get<bool>("IsDefault"),
            Targets = attribute.Get("Targets", TargetSet.All),
            Help = attribute.Get<string>("Help"),
            IsOwn = isOwn,
        };
    }

    /// <summary>Why it cannot be called by generated code, or null.</summary>
    public static string? FindFault(IMethodSymbol method, bool isOwn)
    {
        if (!method.IsStatic) return "it is not static";
        if (method.IsGenericMethod || method.ContainingType.IsGenericType) return "it is generic";
        if (method.ReturnsVoid) return "it gives nothing";
        for (ISymbol symbol = method; symbol is not INamespaceSymbol && symbol is not null; symbol = symbol.ContainingSymbol)
        {
            if (symbol.DeclaredAccessibility is Accessibility.Private or Accessibility.Protected or Accessibility.ProtectedAndInternal)
                return $"{symbol.Name} is private, and generated code is to call it: make it internal";
            if (!isOwn && symbol.DeclaredAccessibility != Accessibility.Public) return $"{symbol.Name} is not public";
        }

        return method.Parameters.Any(p => p.RefKind != RefKind.None) ? "it has a parameter by reference" : null;
    }
}

/// <summary>A method that opens a device.</summary>
internal sealed class DriverModel
{
    public IMethodSymbol Method = null!;
    public ITypeSymbol Type = null!;
    public string Driver = "";
    public int Targets = TargetSet.All;
    public bool IsAwaited;

    public static DriverModel Read(IMethodSymbol method, AttributeData attribute)
    {
        bool awaited = method.ReturnType is INamedTypeSymbol { Name: "Task" or "ValueTask", TypeArguments.Length: 1 };
        return new()
        {
            Method = method,
            Type = awaited ? ((INamedTypeSymbol)method.ReturnType).TypeArguments[0] : method.ReturnType,
            IsAwaited = awaited,
            Driver = attribute.Text() ?? "",
            Targets = attribute.Get("Targets", TargetSet.All),
        };
    }
}

/// <summary>All that could provide something: the project's own, and what packages publish.</summary>
internal sealed class Catalogue
{
    private readonly Dictionary<ITypeSymbol, AttributeData> _kinds = new(SymbolEqualityComparer.Default);

    public List<ProviderModel> Providers { get; } = [];

    public List<DriverModel> Drivers { get; } = [];

    /// <summary>The mark of a device kind, on the interface or on an assembly that speaks of it; null if it is none.</summary>
    public AttributeData? KindOf(ITypeSymbol type) => type.Attribute(Names.DeviceKind) ?? (_kinds.TryGetValue(type, out var kind) ? kind : null);

    public void Add(IMethodSymbol method, bool isOwn)
    {
        if (ProviderModel.FindFault(method, isOwn) is not null) return;
        if (method.Attribute(Names.Provides) is { } provides) Providers.Add(ProviderModel.Read(method, provides, isOwn));
        if (method.Attribute(Names.Driver) is { } driver) Drivers.Add(DriverModel.Read(method, driver));
    }

    /// <summary>Adds what referenced assemblies publish; only those that know the attributes are looked at.</summary>
    public void AddPackages(Compilation compilation)
    {
        foreach (var attribute in compilation.Assembly.GetAttributes()) AddKind(attribute);
        foreach (var assembly in compilation.SourceModule.ReferencedAssemblySymbols)
        {
            if (assembly.Name != "Morgana.Composition" && !assembly.Modules.Any(m => m.ReferencedAssemblies.Any(r => r.Name == "Morgana.Composition"))) continue;
            foreach (var attribute in assembly.GetAttributes())
            {
                AddKind(attribute);
                if (attribute.AttributeClass is not { } type || AttributeReading.FullName(type) != Names.Providers) continue;
                if (attribute.ConstructorArguments.Length == 0 || attribute.ConstructorArguments[0].Value is not INamedTypeSymbol published) continue;
                foreach (var method in published.GetMembers().OfType<IMethodSymbol>()) Add(method, isOwn: false);
            }
        }
    }

    private void AddKind(AttributeData attribute)
    {
        if (attribute.AttributeClass is not { } type || AttributeReading.FullName(type) != Names.DeviceKind) return;
        if (attribute.ConstructorArguments.Length == 2 && attribute.ConstructorArguments[0].Value is ITypeSymbol kind) _kinds[kind] = attribute;
    }
}
