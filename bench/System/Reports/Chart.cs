using System.Globalization;
using System.Net;
using System.Text;

namespace Morgana.Bench;

/// <summary>Results as a picture: a bar for the median, a dot for each sample. Bars of one unit share a scale.</summary>
internal static class Chart
{
    private const int Left = 150, Width = 420, Row = 30;

    public static string ToSvg(List<Result> results)
    {
        var groups = results.GroupBy(r => r.Unit).ToList();
        int height = 34 + groups.Sum(g => 40 + (g.Count() * Row));
        var svg = new StringBuilder();
        svg.AppendLine(Text($"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"780\" height=\"{height}\" viewBox=\"0 0 780 {height}\" font-family=\"sans-serif\" font-size=\"13\">"));
        svg.AppendLine("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>");
        int y = 16;
        foreach (var group in groups) y = WriteGroup(svg, group.Key, [.. group], y);
        svg.AppendLine(Text($"<text x=\"12\" y=\"{y + 4}\" fill=\"#666\" font-size=\"11\">Bars: medians by processor time. Dots: samples. CC64 copies and sums each octet once on either side.</text>"));
        return svg.AppendLine("</svg>").ToString();
    }

    private static int WriteGroup(StringBuilder svg, string unit, List<Result> results, int y)
    {
        double most = Math.Max(results.Max(r => r.Samples.Max()), double.Epsilon);
        svg.AppendLine(Text($"<text x=\"12\" y=\"{y + 12}\" font-weight=\"bold\">{WebUtility.HtmlEncode(unit)}</text>"));
        y += 22;
        foreach (var result in results)
        {
            double width = Width * result.Value / most;
            string label = result.Ratio is { } ratio ? Text($"{Table.Number(result.Value)}  ({ratio:F2} x CC64)") : Table.Number(result.Value);
            svg.AppendLine(Text($"<text x=\"{Left - 8}\" y=\"{y + 15}\" text-anchor=\"end\">{WebUtility.HtmlEncode(result.Name)}</text>"));
            svg.AppendLine(Text($"<rect x=\"{Left}\" y=\"{y + 1}\" width=\"{width:F1}\" height=\"20\" fill=\"{(result.Name == "cc64" ? "#b8b8b8" : "#4878a8")}\"/>"));
            foreach (double sample in result.Samples)
                svg.AppendLine(Text($"<circle cx=\"{Left + (Width * sample / most):F1}\" cy=\"{y + 11}\" r=\"2.5\" fill=\"#e08030\"/>"));
            svg.AppendLine(Text($"<text x=\"{Left + Math.Max(width, Width * result.Samples.Max() / most) + 8:F1}\" y=\"{y + 15}\">{label}</text>"));
            y += Row;
        }

        return y + 18;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
