using System.Linq;
using Microsoft.CodeAnalysis;

namespace Morgana.Composition.Generator;

/// <summary>Reads attributes by their full name.</summary>
internal static class AttributeReading
{
    public static AttributeData? Attribute(this ISymbol symbol, string name) =>
        symbol.GetAttributes().FirstOrDefault(a => a.AttributeClass is { } type && FullName(type) == name);

    public static string FullName(INamedTypeSymbol type) =>
        (type.ContainingNamespace is { IsGlobalNamespace: false } space ? space.ToDisplayString() + "." : "") + type.MetadataName;

    /// <summary>The last constructor argument as text.</summary>
    public static string? Text(this AttributeData attribute) => attribute.ConstructorArguments.Length > 0 ? attribute.ConstructorArguments[attribute.ConstructorArguments.Length - 1].Value as string : null;

    public static T? Get<T>(this AttributeData attribute, string property, T? fallback = default)
    {
        foreach (var pair in attribute.NamedArguments)
            if (pair.Key == property && pair.Value.Value is T value) return value;
        return fallback;
    }

    /// <summary>Where it stands in the source, or where the symbol does.</summary>
    public static Location Place(this ISymbol symbol) => symbol.Locations.FirstOrDefault(l => l.IsInSource) ?? Location.None;
}
