using System.Globalization;
using System.Text;
using Morgana.Check;

namespace Morgana.Cli.Checking;

/// <summary>What was found in a program, for people: by how bad it is, then by what is called, with every place.</summary>
internal static class CheckText
{
    private const int MostPlaces = 8;

    public static string Write(string program, IReadOnlyList<Finding> found)
    {
        var text = new StringBuilder();
        foreach (var verdict in found.GroupBy(f => f.Verdict))
        {
            text.Append(Heading(verdict.Key)).Append("\n\n");
            foreach (var same in verdict.GroupBy(f => (f.What, f.Why, f.Instead))) Write(text, same.Key.What, same.Key.Why, same.Key.Instead, [.. same.Select(f => f.ToString()).Distinct()]);
        }

        return text.Append(Summary(program, found)).Append('\n').ToString();
    }

    private static void Write(StringBuilder text, string what, string why, string? instead, string[] places)
    {
        text.Append("  ").Append(what).Append('\n');
        foreach (string place in places.Take(MostPlaces)) text.Append("      ").Append(place).Append('\n');
        if (places.Length > MostPlaces) text.Append(CultureInfo.InvariantCulture, $"      and {places.Length - MostPlaces} more places\n");
        text.Append("    ").Append(why).Append('\n');
        if (instead is not null) text.Append("    instead: ").Append(instead).Append('\n');
        text.Append('\n');
    }

    private static string Heading(Verdict verdict) => verdict switch
    {
        Verdict.Fails => "These calls fail:",
        Verdict.MayFail => "The ahead-of-time compiler is not sure of these:",
        _ => "These do otherwise than on Linux:",
    };

    private static string Summary(string program, IReadOnlyList<Finding> found)
    {
        if (found.Count == 0) return $"{program}: nothing was found that its image would not do.";
        var counts = found.GroupBy(f => f.Verdict).OrderBy(g => g.Key).Select(g => $"{g.Select(f => f.ToString()).Distinct().Count()} {g.Key switch { Verdict.Fails => "failing", Verdict.MayFail => "unsure", _ => "different" }}");
        return $"{program}: places in it and its packages: {string.Join(", ", counts)} (docs/any-program.md).";
    }
}
