using System.Text;

namespace Morgana.Composition.Generator;

/// <summary>C# as it grows, with its indentation.</summary>
internal sealed class CodeText
{
    private readonly StringBuilder _text = new();
    private int _depth;

    public CodeText Line(string line = "")
    {
        if (line.StartsWith("}", System.StringComparison.Ordinal)) _depth--;
        _text.Append(line.Length == 0 ? "" : new string(' ', 4 * _depth)).Append(line).Append('\n');
        if (line == "{") _depth++;
        return this;
    }

    /// <summary>An expression behind an arrow, on a line of its own.</summary>
    public CodeText Deeper(string line)
    {
        _text.Append(new string(' ', 4 * (_depth + 1))).Append(line).Append('\n');
        return this;
    }

    public override string ToString() => _text.ToString();
}
