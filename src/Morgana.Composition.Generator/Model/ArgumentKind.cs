using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Microsoft.CodeAnalysis;

namespace Morgana.Composition.Generator;

/// <summary>How the text of one value is parsed, and what it is called.</summary>
internal sealed record ArgumentKind(string Value, string Expected, string Parser)
{
    private const string BootValue = "global::Morgana.Composition.BootValue.";

    private static readonly Dictionary<SpecialType, (string Least, string Most)> s_integers = new()
    {
        [SpecialType.System_Byte] = ("0", "255"),
        [SpecialType.System_SByte] = ("-128", "127"),
        [SpecialType.System_Int16] = ("-32768", "32767"),
        [SpecialType.System_UInt16] = ("0", "65535"),
        [SpecialType.System_Int32] = ("-2147483648", "2147483647"),
        [SpecialType.System_UInt32] = ("0", "4294967295"),
        [SpecialType.System_Int64] = ("-9223372036854775808", "9223372036854775807"),
        [SpecialType.System_UInt64] = ("0", "18446744073709551615"),
    };

    /// <summary>What people call types that they know.</summary>
    private static readonly Dictionary<string, (string Value, string Expected)> s_known = new()
    {
        ["ByteSize"] = ("SIZE", "a size such as 64M"),
        ["KeyText"] = ("KEY", "a key in hexadecimal digits or base64"),
        ["Ipv4Address"] = ("ADDRESS", "an IPv4 address such as 10.0.2.15"),
        ["Ipv6Address"] = ("ADDRESS", "an IPv6 address such as fd00::1"),
        ["IpAddress"] = ("ADDRESS", "an IP address such as 10.0.2.15"),
        ["IPAddress"] = ("ADDRESS", "an IP address such as 10.0.2.15"),
        ["IPNetwork"] = ("ADDRESS/PREFIX", "a network such as 10.0.0.0/8"),
        ["InterfaceAddress"] = ("ADDRESS/PREFIX", "an address and its prefix such as 10.0.2.15/24"),
        ["IpEndpoint"] = ("ADDRESS:PORT", "an address and a port such as 10.0.2.2:80"),
        ["MacAddress"] = ("MAC", "a MAC address such as 02:00:00:00:00:01"),
        ["Guid"] = ("UUID", "a UUID"),
        ["DateTimeOffset"] = ("TIME", "a point in time"),
        ["Double"] = ("NUMBER", "a number"),
        ["Single"] = ("NUMBER", "a number"),
        ["Decimal"] = ("NUMBER", "a number"),
    };

    public static ArgumentKind? Of(ITypeSymbol type, AttributeData attribute)
    {
        if (type.SpecialType == SpecialType.System_String) return new("TEXT", "text", BootValue + "Text(argument, text)");
        if (type.SpecialType == SpecialType.System_Boolean) return new("", "true or false", BootValue + "Flag(argument, text)");
        if (type is { Name: "TimeSpan", ContainingNamespace.Name: "System" }) return new("DURATION", "a duration such as 250ms, 10s or 5m", BootValue + "Duration(argument, text)");
        if (s_integers.TryGetValue(type.SpecialType, out var range)) return Integer(type, range, attribute);
        if (type.TypeKind == TypeKind.Enum) return Enumeration(type);
        if (!ArgumentModel.IsParsable(type)) return null;
        var (value, expected) = s_known.TryGetValue(type.Name, out var known) ? known : (Names.Kebab(type.Name).ToUpperInvariant(), "a " + type.Name);
        return new(value, expected, $"{BootValue}Parse<{type.Qualified()}>(argument, text)");
    }

    private static ArgumentKind Integer(ITypeSymbol type, (string Least, string Most) range, AttributeData attribute)
    {
        string least = attribute.Get("Minimum", long.MinValue) is var minimum && minimum != long.MinValue ? minimum.ToString(CultureInfo.InvariantCulture) : range.Least;
        string most = attribute.Get("Maximum", long.MaxValue) is var maximum && maximum != long.MaxValue ? maximum.ToString(CultureInfo.InvariantCulture) : range.Most;
        string expected = least.Length > 5 && most.Length > 10 ? "a whole number" : $"a whole number from {least} to {most}";
        string cast = type.Qualified();
        return new("N", expected, $"{BootValue}Number<{cast}>(argument, text, {Cast(least)}, {Cast(most)})");

        // The least numbers of int and long are no literals with a minus in front.
        string Cast(string number) => number == range.Least ? cast + ".MinValue" : number == range.Most ? cast + ".MaxValue" : $"({cast})({number})";
    }

    private static ArgumentKind Enumeration(ITypeSymbol type)
    {
        var members = type.GetMembers().OfType<IFieldSymbol>().Where(f => f.HasConstantValue).ToArray();
        string[] names = members.Select(m => Names.Kebab(m.Name)).ToArray();
        string cases = string.Concat(members.Select(m => $"{Names.Literal(Names.Kebab(m.Name))} => {type.Qualified()}.{m.Name}, "));
        return new(string.Join("|", names), string.Join(", ", names.Take(names.Length - 1)) + " or " + names.LastOrDefault(), $"text switch {{ {cases}_ => throw argument.Unexpected(text) }}");
    }
}
