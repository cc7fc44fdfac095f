using System.Diagnostics.CodeAnalysis;

namespace Morgana.Core;

/// <summary>A value with one way to be written down, the same in every culture. It is what boot arguments and options are made of.</summary>
/// <typeparam name="TSelf">The value's own type.</typeparam>
public interface ITextValue<TSelf> : ISpanParsable<TSelf>, ISpanFormattable
    where TSelf : struct, ITextValue<TSelf>
{
    /// <summary>What a text has to be, for an error message: "an IPv4 address, such as 10.0.2.15".</summary>
    static abstract string Expected { get; }

    /// <summary>Parses the text; false if it is none. Never throws.</summary>
    static abstract bool TryParse(ReadOnlySpan<char> text, out TSelf value);

    static TSelf ISpanParsable<TSelf>.Parse(ReadOnlySpan<char> s, IFormatProvider? provider) =>
        TSelf.TryParse(s, out var value) ? value : throw new FormatException($"'{s}' is not {TSelf.Expected}.");

    static bool ISpanParsable<TSelf>.TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, [MaybeNullWhen(false)] out TSelf result) =>
        TSelf.TryParse(s, out result);

    static TSelf IParsable<TSelf>.Parse(string s, IFormatProvider? provider) => TextValue.Parse<TSelf>(s);

    static bool IParsable<TSelf>.TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [MaybeNullWhen(false)] out TSelf result) =>
        TSelf.TryParse(s, out result);

    string IFormattable.ToString(string? format, IFormatProvider? formatProvider) => ToString()!;

    bool ISpanFormattable.TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider)
    {
        string text = ToString()!;
        charsWritten = text.TryCopyTo(destination) ? text.Length : 0;
        return charsWritten == text.Length;
    }
}

/// <summary>Parsing for <see cref="ITextValue{TSelf}"/>.</summary>
public static class TextValue
{
    /// <summary>Parses the text.</summary>
    /// <exception cref="FormatException">It is none; the message says what was expected.</exception>
    public static T Parse<T>(string text)
        where T : struct, ITextValue<T>
    {
        ArgumentNullException.ThrowIfNull(text);
        return T.TryParse(text, out var value) ? value : throw new FormatException($"'{text}' is not {T.Expected}.");
    }
}
