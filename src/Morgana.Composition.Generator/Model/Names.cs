using System.Linq;
using System.Text;
using Microsoft.CodeAnalysis;

namespace Morgana.Composition.Generator;

/// <summary>How things are called: in generated code, in messages, on a command line.</summary>
internal static class Names
{
    private const string Space = "Morgana.Composition.";
    public const string Unikernel = Space + "UnikernelAttribute";
    public const string Provides = Space + "ProvidesAttribute";
    public const string Driver = Space + "DriverAttribute";
    public const string Providers = Space + "ProvidersAttribute";
    public const string Device = Space + "DeviceAttribute";
    public const string DeviceKind = Space + "DeviceKindAttribute";
    public const string BootArgument = Space + "BootArgumentAttribute";
    public const string Secret = Space + "SecretAttribute";
    public const string Needs = Space + "NeedsAttribute`1";

    private static readonly SymbolDisplayFormat s_qualified = SymbolDisplayFormat.FullyQualifiedFormat.WithMiscellaneousOptions(
        SymbolDisplayMiscellaneousOptions.EscapeKeywordIdentifiers | SymbolDisplayMiscellaneousOptions.UseSpecialTypes);

    /// <summary>For generated code: <c>global::A.B</c>.</summary>
    public static string Qualified(this ITypeSymbol type) => type.ToDisplayString(s_qualified);

    /// <summary>For messages: <c>B</c>.</summary>
    public static string Short(this ITypeSymbol type) => type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);

    /// <summary>For messages: <c>Wiring.Data</c>.</summary>
    public static string Short(this IMethodSymbol method) => $"{method.ContainingType.Name}.{method.Name}";

    /// <summary>A part in messages: <c>IBlockDevice 'disk'</c>.</summary>
    public static string Part(ITypeSymbol type, string? name) => name is null ? type.Short() : $"{type.Short()} '{name}'";

    /// <summary><c>ListenPort</c> and <c>listenPort</c> are <c>listen-port</c>; digits stay with what stands before them.</summary>
    public static string Kebab(string name)
    {
        var text = new StringBuilder();
        for (int i = 0; i < name.Length; i++)
        {
            char c = name[i];
            bool begins = char.IsUpper(c) && i > 0 && (!char.IsUpper(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            if (begins && name[i - 1] is not ('_' or '-' or '.')) text.Append('-');
            text.Append(c == '_' ? '-' : char.ToLowerInvariant(c));
        }

        return text.ToString();
    }

    /// <summary>An identifier: <c>IBlockDevice</c> and <c>disk</c> are <c>BlockDeviceDisk</c>.</summary>
    public static string Identifier(ITypeSymbol type, string? name)
    {
        string plain = type.Name.Length > 1 && type.Name[0] == 'I' && char.IsUpper(type.Name[1]) ? type.Name.Substring(1) : type.Name;
        return plain + Pascal(name ?? "");
    }

    /// <summary>For people: <c>INetworkStack</c> is <c>network stack</c>.</summary>
    public static string Words(ITypeSymbol type) => Kebab(Identifier(type, null)).Replace('-', ' ');

    public static string Pascal(string name) =>
        string.Concat(name.Split('-', '_', '.', ' ', '/').Where(w => w.Length > 0).Select(w => new string(w.Where(char.IsLetterOrDigit).ToArray())).Where(w => w.Length > 0).Select(w => char.ToUpperInvariant(w[0]) + w.Substring(1)));

    public static string Camel(string pascal) => pascal.Length == 0 ? pascal : char.ToLowerInvariant(pascal[0]) + pascal.Substring(1);

    /// <summary>A C# literal.</summary>
    public static string Literal(string? text) => text is null ? "null" : Microsoft.CodeAnalysis.CSharp.SymbolDisplay.FormatLiteral(text, quote: true);

    /// <summary>Text for an XML comment.</summary>
    public static string Xml(string text) => text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;").Replace("\n", " ").Replace("\r", "");
}
