using System.Globalization;
using System.Text;
using Morgana.Composition;

namespace Morgana.Hosting;

/// <summary>The image's boot arguments, parsed: what changes from boot to boot.</summary>
/// <remarks>Written by hand, since a library for command lines costs an image two megabytes.</remarks>
public sealed class BootArguments
{
    /// <summary>The status of a program that was started wrongly (sysexits.h, EX_USAGE).</summary>
    public const int UsageStatus = 64;

    private readonly Dictionary<string, string> _given = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<BootArgument> _declared;

    private BootArguments(IReadOnlyList<BootArgument> declared) => _declared = declared;

    /// <summary>Whether help was asked for with <c>--help</c>.</summary>
    public bool IsHelpWanted { get; private set; }

    /// <summary>Parses <paramref name="args"/> against the arguments that the image declares.</summary>
    /// <exception cref="BootException">One is unknown, repeated, empty, too large, or lacks its value.</exception>
    public static BootArguments Parse(IReadOnlyList<string> args, IReadOnlyList<BootArgument> declared)
    {
        var result = new BootArguments(declared) { IsHelpWanted = args.Any(a => a is "--help" or "-h") };
        for (int i = 0; i < args.Count && !result.IsHelpWanted; i++)
        {
            string text = args[i];
            if (!text.StartsWith("--", StringComparison.Ordinal) || text.Length == 2)
                throw new BootException($"'{text}' is no boot argument; they look like --name=value. See --help.");
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? text[2..] : text[2..equals];
            if (declared.All(d => d.Name != name)) throw new BootException($"there is no boot argument --{name}. See --help.");
            if (equals < 0 && i + 1 == args.Count) throw new BootException($"--{name} needs a value: --{name}={declared.First(d => d.Name == name).Value}.");
            string value = equals < 0 ? args[++i] : text[(equals + 1)..];
            if (value.Length == 0) throw new BootException($"--{name} is empty: expected {result.Declared(name).Value}.");
            if (value.Length > BootLine.MaxLength) throw new BootException($"--{name} is too large: {value.Length} characters, and at most {BootLine.MaxLength} are taken.");
            if (!result._given.TryAdd(name, value)) throw new BootException($"--{name} is given twice; it takes one value: --{name}={result.Declared(name).Value}.");
        }

        return result;
    }

    /// <summary>The text of an argument, or its default, or null.</summary>
    public string? Find(string name) =>
        _given.TryGetValue(name, out string? value) ? value : (_declared.FirstOrDefault(d => d.Name == name) ?? throw Undeclared(name)).Default;

    /// <summary>The value of an argument that has a default.</summary>
    /// <exception cref="BootException">The text is no <typeparamref name="T"/>, or there is none.</exception>
    public T Get<T>(string name)
        where T : ISpanParsable<T>
    {
        string text = Find(name) ?? throw new BootException($"--{name} is needed: --{name}={Declared(name).Value}.");
        return T.TryParse(text, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new BootException($"--{name}={text}: expected {Declared(name).Value}.");
    }

    /// <summary>Text for <c>--help</c>, as a man page has it.</summary>
    public string Help(string program)
    {
        var text = new StringBuilder("NAME\n       ").Append(program).Append("\n\nSYNOPSIS\n       ").Append(program).Append(" [--name=value ...]\n");
        foreach (var group in _declared.GroupBy(d => d.Group))
        {
            text.Append('\n').Append(group.Key.ToUpperInvariant()).Append('\n');
            foreach (var argument in group)
            {
                text.Append("       --").Append(argument.Name).Append('=').Append(argument.Value).Append("\n              ").Append(argument.Help.TrimEnd('.')).Append('.');
                if (argument.Default is { Length: > 0 } value) text.Append(" (default: ").Append(value).Append(')');
                text.Append('\n');
            }
        }

        return text.Append("\nEXIT STATUS\n       the unikernel's own; 64 if it was started wrongly\n").ToString();
    }

    private BootArgument Declared(string name) => _declared.FirstOrDefault(d => d.Name == name) ?? throw Undeclared(name);

    private static ArgumentException Undeclared(string name) => new($"The boot argument '{name}' was not declared.");
}
