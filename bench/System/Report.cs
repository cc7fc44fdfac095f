using System.Globalization;
using System.Net;
using System.Text;

namespace Morgana.Bench;

/// <summary>Results as a table, as JSON lines and as a chart.</summary>
internal static class Report
{
    public static void WriteTable(List<Result> results, TextWriter to)
    {
        to.WriteLine($"{"name",-14} {"median",12} {"unit",-8} {"x CC64",8}   {"least",10} {"most",10}  last sample");
        foreach (var r in results)
            to.WriteLine($"{r.Name,-14} {Number(r.Value),12} {r.Unit,-8} {Ratio(r.Ratio),8}   {Number(r.Samples.Min()),10} {Number(r.Samples.Max()),10}  {r.Note}");
    }

    public static void WriteJson(List<Result> results, TextWriter to)
    {
        foreach (var r in results)
        {
            string samples = string.Join(",", r.Samples.Select(Exact));
            string ratio = r.Ratio is { } value ? Exact(value) : "null";
            to.WriteLine($"{{\"name\":\"{r.Name}\",\"value\":{Exact(r.Value)},\"unit\":\"{r.Unit}\",\"ratio_cc64\":{ratio},\"samples\":[{samples}],\"note\":\"{r.Note}\"}}");
        }
    }

    /// <summary>A bar for each ratio, and the samples as dots on it.</summary>
    public static string ToSvg(List<Result> results)
    {
        var bars = results.Where(r => r.Ratio is not null).ToList();
        double most = bars.Max(r => r.Ratio!.Value * r.Samples.Max() / r.Value);
        var svg = new StringBuilder();
        int height = 50 + (bars.Count * 34);
        svg.AppendLine(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"760\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"13\">");
        svg.AppendLine("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/><text x=\"12\" y=\"24\" font-weight=\"bold\">Figures as multiples of CC64 (operations: of its segments a second)</text>");
        for (int i = 0; i < bars.Count; i++)
        {
            var bar = bars[i];
            int y = 44 + (i * 34);
            double width = 440 * bar.Ratio!.Value / most;
            svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"12\" y=\"{y + 15}\">{WebUtility.HtmlEncode(bar.Name)}</text><rect x=\"120\" y=\"{y}\" width=\"{width:F1}\" height=\"20\" fill=\"#4878a8\"/>");
            foreach (double sample in bar.Samples)
                svg.AppendLine(CultureInfo.InvariantCulture, $"<circle cx=\"{120 + (width * sample / bar.Value):F1}\" cy=\"{y + 10}\" r=\"2.5\" fill=\"#e08030\"/>");
            svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{130 + width:F1}\" y=\"{y + 15}\">{bar.Ratio:F3} ({Number(bar.Value)} {bar.Unit})</text>");
        }

        return svg.AppendLine("</svg>").ToString();
    }

    private static string Number(double value) => value.ToString(value >= 1000 ? "N0" : "F1", CultureInfo.InvariantCulture);

    private static string Exact(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Ratio(double? value) => value is { } v ? v.ToString("F3", CultureInfo.InvariantCulture) : "-";
}
