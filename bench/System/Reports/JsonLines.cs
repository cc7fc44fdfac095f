using System.Globalization;
using System.Text.Json;

namespace Morgana.Bench;

/// <summary>Results for programs: an object a line.</summary>
internal static class JsonLines
{
    public static void Write(List<Result> results, TextWriter to)
    {
        foreach (var r in results)
        {
            string samples = string.Join(",", r.Samples.Select(Exact));
            to.WriteLine($"{{\"name\":\"{r.Name}\",\"value\":{Exact(r.Value)},\"unit\":\"{r.Unit}\",\"ratio_cc64\":{Exact(r.Ratio)},\"wall\":{Exact(r.Wall)},\"samples\":[{samples}],\"note\":\"{JsonEncodedText.Encode(r.Note)}\"}}");
        }
    }

    private static string Exact(double? value) => value is { } v ? Exact(v) : "null";

    private static string Exact(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
