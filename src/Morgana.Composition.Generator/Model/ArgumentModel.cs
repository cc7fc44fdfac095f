using System;
using System.Linq;
using Microsoft.CodeAnalysis;

namespace Morgana.Composition.Generator;

/// <summary>A boot argument or a secret, of a property or a parameter.</summary>
internal sealed class ArgumentModel
{
    public string Name = "";                    // With the part's name in front.
    public ITypeSymbol Type = null!;
    public string? Help;
    public string Value = "";
    public string Expected = "";
    public string? Default;                     // As text, for people.
    public string? DefaultCode;                 // As code, for parameters.
    public bool IsRequired;
    public bool IsSecret;
    public string Parser = "";                  // "(argument, text) => value", as code that takes those two.
    public string Group = "";
    public ISymbol Symbol = null!;
    public IPropertySymbol? Property => Symbol as IPropertySymbol;
    public string Field = "";

    /// <summary>Null if it is neither; a rule's complaint goes to <paramref name="report"/>.</summary>
    public static ArgumentModel? Read(ISymbol symbol, ITypeSymbol type, string? instance, string group, Action<Diagnostic> report)
    {
        var argument = symbol.Attribute(Names.BootArgument);
        var secret = symbol.Attribute(Names.Secret);
        if ((argument ?? secret) is not { } attribute) return null;
        string own = attribute.Text() ?? Names.Kebab(symbol.Name);
        var model = new ArgumentModel
        {
            Name = instance is null ? own : $"{instance}-{own}",
            Type = type,
            Help = attribute.Get<string>("Help"),
            IsSecret = argument is null,
            Group = group,
            Symbol = symbol,
        };
        model.ReadDefault(symbol);
        if (!model.ReadType(type, attribute)) report(Diagnostic.Create(Rules.ArgumentType, symbol.Place(), symbol.Name, model.IsSecret ? "a secret" : "a boot argument", type.Short()));
        if (attribute.Get<string>("Value") is { } value) model.Value = value;
        return model;
    }

    private void ReadDefault(ISymbol symbol)
    {
        if (symbol is IParameterSymbol parameter)
        {
            if (parameter.HasExplicitDefaultValue)
            {
                Default = Display(parameter.ExplicitDefaultValue, parameter.Type);
                DefaultCode = Code(parameter.ExplicitDefaultValue, parameter.Type);
            }
            else if (IsNullable(parameter.Type))
            {
                DefaultCode = "null";
            }
            else
            {
                IsRequired = true;
            }
        }
        else if (symbol is IPropertySymbol property)
        {
            IsRequired = property.IsRequired;
            var syntax = property.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax() as Microsoft.CodeAnalysis.CSharp.Syntax.PropertyDeclarationSyntax;
            var type = property.Type is IArrayTypeSymbol array ? array.ElementType : property.Type;
            Default = syntax?.Initializer is { } initializer ? DefaultText.Of(initializer.Value, type.TypeKind == TypeKind.Enum) : null;
        }
    }

    public static bool IsNullable(ITypeSymbol type) => type.NullableAnnotation == NullableAnnotation.Annotated || type.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T;

    private static string? Display(object? value, ITypeSymbol type) => value switch
    {
        null => null,
        bool b => b ? "true" : null,
        string s => s,
        _ when type.TypeKind == TypeKind.Enum => type.GetMembers().OfType<IFieldSymbol>().FirstOrDefault(f => Equals(f.ConstantValue, value)) is { } f ? Names.Kebab(f.Name) : value.ToString(),
        _ => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture),
    };

    private static string Code(object? value, ITypeSymbol type) => value switch
    {
        // `default` alone would take the type of the branch beside it: an absent T? would be a T of zeros.
        null when type.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T => $"default({type.Qualified()})",
        null => "default!",
        string s => Names.Literal(s),
        _ when type.TypeKind == TypeKind.Enum => $"({type.Qualified()})({Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)})",
        _ => $"({type.Qualified()})({Microsoft.CodeAnalysis.CSharp.SymbolDisplay.FormatPrimitive(value, quoteStrings: true, useHexadecimalNumbers: false)})",
    };

    private bool ReadType(ITypeSymbol type, AttributeData attribute)
    {
        if (type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable) type = nullable.TypeArguments[0];
        if (IsSecret) return type.SpecialType == SpecialType.System_String || type is IArrayTypeSymbol { ElementType.SpecialType: SpecialType.System_Byte } || IsParsable(type);
        ITypeSymbol? element = type is IArrayTypeSymbol { Rank: 1 } array ? array.ElementType
            : type is INamedTypeSymbol { Name: "IReadOnlyList", TypeArguments.Length: 1 } list ? list.TypeArguments[0] : null;
        var scalar = ArgumentKind.Of(element ?? type, attribute);
        if (scalar is null) return false;
        (Value, Expected, Parser) = element is null ? (scalar.Value, scalar.Expected, scalar.Parser)
            : ($"{scalar.Value}[,{scalar.Value}...]", "values between commas, each " + scalar.Expected, $"global::Morgana.Composition.BootValue.List(argument, text, static (argument, text) => {scalar.Parser})");
        return true;
    }

    public static bool IsParsable(ITypeSymbol type) => type.AllInterfaces.Any(i => i is { Name: "IParsable", TypeArguments.Length: 1 } && i.ContainingNamespace.Name == "System" && SymbolEqualityComparer.Default.Equals(i.TypeArguments[0], type));
}
