using System.Text;
using Morgana.Build.Manifests;

namespace Morgana.Cli.Describing;

/// <summary>A graph for people who read.</summary>
internal static class GraphText
{
    public static string Write(Manifest manifest, long? size)
    {
        var text = new StringBuilder();
        text.Append(manifest.Name).Append(' ').Append(manifest.Version);
        if (manifest.Help is { } help) text.Append(": ").Append(help);
        text.Append('\n');
        Field(text, "program", manifest.Program);
        Field(text, "Morgana", manifest.Morgana + (manifest.MinimumVersion is { } minimum ? $", at least {minimum}" : ""));
        Field(text, "targets", manifest.Targets.Count > 0 ? string.Join(", ", manifest.Targets) : "none");
        if (size is { } octets) Field(text, "image", FormattableString.Invariant($"{octets / 1e6:F2} MB"));
        Section(text, "DEVICES", manifest.Devices.Select(d => (d.Name, $"{d.Kind}, by {string.Join(" or ", d.Drivers)}")));
        Section(text, "BOOT ARGUMENTS", manifest.Arguments.Select(a => ($"--{a.Name}{(a.Value is { Length: > 0 } ? "=" + a.Value : "")}", Describe(a))));
        Section(text, "SECRETS", manifest.Secrets.Select(s => (s.Name, s.Help ?? "")));
        if (manifest.Parts.Count == 0) return text.ToString();
        text.Append("\nGRAPH\n  ").Append(manifest.Program).Append('\n');
        var shown = new HashSet<int>();
        for (int i = 0; i < manifest.Needs.Count; i++) Branch(text, manifest, manifest.Needs[i], "  ", i == manifest.Needs.Count - 1, shown);
        Section(text, "BOOT ORDER", manifest.Parts.GroupBy(p => p.Level).OrderBy(g => g.Key).Select(g => ((g.Key + 1).ToString(System.Globalization.CultureInfo.InvariantCulture), string.Join(", ", g.Select(Label)))));
        return text.ToString();
    }

    /// <summary><c>IKeyValueStore 'data'</c>.</summary>
    public static string Label(ManifestPart part) => part.Name is null ? part.Type : $"{part.Type} '{part.Name}'";

    /// <summary>Where a part comes from.</summary>
    public static string Source(ManifestPart part) => part.Device is { } device ? $"device {device}" : part.Provider + (part.Package is { } package ? $", {package}" : "");

    private static string Describe(ManifestArgument argument) =>
        (argument.Help ?? $"expects {argument.Expected}") + (argument.Required ? " Required." : argument.Default is { Length: > 0 } value ? $" (default: {value})" : "");

    private static void Field(StringBuilder text, string name, string value) => text.Append("  ").Append(name.PadRight(10)).Append(value).Append('\n');

    private static void Section(StringBuilder text, string title, IEnumerable<(string Name, string Text)> rows)
    {
        var all = rows.ToArray();
        if (all.Length == 0) return;
        int width = Math.Min(40, all.Max(r => r.Name.Length)) + 2;
        text.Append('\n').Append(title).Append('\n');
        foreach (var (name, line) in all) text.Append("  ").Append(name.PadRight(width)).Append(line).Append('\n');
    }

    private static void Branch(StringBuilder text, Manifest manifest, int index, string indent, bool isLast, HashSet<int> shown)
    {
        var part = manifest.Parts[index];
        bool again = !shown.Add(index);
        text.Append(indent).Append(isLast ? "└─ " : "├─ ").Append(Label(part)).Append(again ? " (the same)" : $" ({Source(part)})").Append('\n');
        if (again) return;
        for (int i = 0; i < part.Needs.Count; i++) Branch(text, manifest, part.Needs[i], indent + (isLast ? "   " : "│  "), i == part.Needs.Count - 1, shown);
    }
}
