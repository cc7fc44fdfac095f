using System.Globalization;
using System.Text;

namespace Morgana.Hosting;

/// <summary>Text of strangers on a terminal.</summary>
internal static class PlainText
{
    /// <summary>Appends text as one line: nothing in it can end the line, move the cursor or change the direction of writing.</summary>
    public static StringBuilder AppendOneLine(this StringBuilder line, ReadOnlySpan<char> text)
    {
        foreach (char c in text) line.Append(Shown(c));
        return line;
    }

    /// <summary>The text as one line.</summary>
    public static string OneLine(string text) => new StringBuilder(text.Length).AppendOneLine(text).ToString();

    private static char Shown(char c) => c switch
    {
        '\n' or '\r' or '\t' => ' ',
        >= ' ' and <= '~' => c,
        _ => char.GetUnicodeCategory(c) switch
        {
            UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => '?',
            _ => c,
        },
    };
}
