using System.Globalization;

namespace Morgana.Composition;

/// <summary>From an argument's text to its value: what generated code calls.</summary>
public static class BootValue
{
    /// <summary>Any type that can be parsed. .NET's numbers would take space around them.</summary>
    public static T Parse<T>(ArgumentDescription argument, string text)
        where T : IParsable<T> =>
        !char.IsWhiteSpace(text[0]) && !char.IsWhiteSpace(text[^1]) && T.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : throw argument.Unexpected(text);

    /// <summary>A number within bounds.</summary>
    public static T Number<T>(ArgumentDescription argument, string text, T minimum, T maximum)
        where T : IParsable<T>, IComparable<T>
    {
        var value = Parse<T>(argument, text);
        return value.CompareTo(minimum) >= 0 && value.CompareTo(maximum) <= 0 ? value : throw argument.Unexpected(text);
    }

    /// <summary>Text, as it is.</summary>
    public static string Text(ArgumentDescription argument, string text) => text;

    /// <summary>A flag.</summary>
    public static bool Flag(ArgumentDescription argument, string text) => text switch
    {
        "true" or "yes" or "on" => true,
        "false" or "no" or "off" => false,
        _ => throw argument.Unexpected(text),
    };

    /// <summary>A duration with its unit: <c>250ms</c>, <c>10s</c>, <c>5m</c>, <c>2h</c>, <c>7d</c>.</summary>
    public static TimeSpan Duration(ArgumentDescription argument, string text)
    {
        int unit = text.AsSpan().IndexOfAnyExcept("0123456789.");
        double seconds = unit <= 0 ? -1 : text[unit..] switch
        {
            "us" => 1e-6,
            "ms" => 1e-3,
            "s" => 1,
            "m" or "min" => 60,
            "h" => 3600,
            "d" => 86400,
            _ => -1,
        };
        if (seconds < 0 || !double.TryParse(text.AsSpan(0, unit), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count)) throw argument.Unexpected(text);
        return count * seconds < TimeSpan.MaxValue.TotalSeconds / 2 ? TimeSpan.FromSeconds(count * seconds) : throw argument.Unexpected(text);
    }

    /// <summary>Values between commas.</summary>
    public static T[] List<T>(ArgumentDescription argument, string text, Func<ArgumentDescription, string, T> item)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        if (parts.Any(p => p.Length == 0)) throw argument.Unexpected(text);
        return [.. parts.Select(p => item(argument, p))];
    }
}
