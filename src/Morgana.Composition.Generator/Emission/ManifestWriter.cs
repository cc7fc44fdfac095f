using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace Morgana.Composition.Generator;

/// <summary>Writes the manifest, docs/manifest.md, as JSON on one line and of plain ASCII: it is a C# literal, and an assembler takes it from there.</summary>
internal static class ManifestWriter
{
    public const int Schema = 1;

    public static string Write(GraphModel graph, string program, string version) => Object(
        ("schema", Schema.ToString(CultureInfo.InvariantCulture)),
        ("name", Text(graph.Root.Name)),
        ("program", Text(program)),
        ("version", Text(version)),
        ("morgana", Text(graph.Version)),
        ("minimumVersion", Text(graph.MinimumVersion)),
        ("help", Text(graph.Root.Help)),
        ("targets", List(TargetSet.NamesOf(graph.Targets).Select(Text))),
        ("devices", List(graph.Nodes.Where(n => n.DeviceName is not null).Select(n => Object(
            ("name", Text(n.DeviceName)),
            ("kind", Text(n.DeviceKind)),
            ("drivers", List(n.Drivers.Where(d => (d.Targets & graph.Targets) != 0).Select(d => Text(d.Driver)))))))),
        ("arguments", List(graph.Arguments.Where(a => !a.IsSecret).Select(a => Object(
            ("name", Text(a.Name)),
            ("value", Text(a.Value)),
            ("expected", Text(a.Expected)),
            ("group", Text(a.Group)),
            ("help", Text(a.Help)),
            ("default", Text(a.Default)),
            ("required", a.IsRequired ? "true" : "false"))).Concat(graph.More.Select(a => Object(
            ("name", Text(a.Name)),
            ("value", Text(a.Value)),
            ("expected", Text(a.Value)),
            ("group", Text(a.Group)),
            ("help", Text(a.Help)),
            ("default", Text(a.Default)),
            ("required", "false")))))),
        ("secrets", List(graph.Arguments.Where(a => a.IsSecret).Select(a => Object(("name", Text(a.Name)), ("help", Text(a.Help)))))),
        ("parts", List(graph.Nodes.Select(n => Object(
            ("id", Number(n.Index)),
            ("type", Text(n.Type.Short())),
            ("name", Text(n.Name)),
            ("provider", Text(n.Provider?.Method.Short())),
            ("device", Text(n.DeviceName)),
            ("package", Text(Package(n))),
            ("level", Number(n.Level)),
            ("needs", List(n.Inputs.Where(i => i.Part is not null).Select(i => Number(i.Part!.Index)).Distinct())))))),
        ("needs", List(graph.Root.Inputs.Where(i => i.Part is not null).Select(i => Number(i.Part!.Index)).Distinct())));

    private static string? Package(Node node)
    {
        var assembly = node.Provider?.Method.ContainingAssembly ?? node.Type.ContainingAssembly;
        return node.Provider is { IsOwn: true } || assembly is null ? null : $"{assembly.Name} {assembly.Identity.Version.ToString(3)}";
    }

    private static string Object(params (string Name, string? Value)[] members) =>
        "{" + string.Join(",", members.Where(m => m.Value is not null and not "[]").Select(m => $"\"{m.Name}\":{m.Value}")) + "}";

    private static string List(IEnumerable<string?> items) => "[" + string.Join(",", items) + "]";

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Anything but plain characters is escaped, so that an octet is a character wherever it is looked at.</summary>
    private static string? Text(string? text)
    {
        if (text is null) return null;
        var json = new StringBuilder("\"");
        foreach (char c in text)
        {
            if (c is >= 'a' and <= 'z' or >= 'A' and <= 'Z' or >= '0' and <= '9' or ' ' or '.' or ',' or '-' or '_' or ':' or '/' or '=' or '[' or ']' or '|' or '+' or '!' or '#') json.Append(c);
            else json.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
        }

        return json.Append('"').ToString();
    }
}
