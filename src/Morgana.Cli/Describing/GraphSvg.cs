using System.Globalization;
using System.Text;
using Morgana.Build.Manifests;

namespace Morgana.Cli.Describing;

/// <summary>A graph as a picture: the program above, and below it, level by level, what it stands on.</summary>
internal static class GraphSvg
{
    private const int BoxWidth = 250, BoxHeight = 54, Across = 30, Down = 56, Margin = 20;

    public static string Write(Manifest manifest)
    {
        int top = manifest.Parts.Select(p => p.Level).DefaultIfEmpty(-1).Max();
        // Level 0 needs nothing, so it is the lowest row; the program is the first.
        var rows = manifest.Parts.GroupBy(p => p.Level).ToDictionary(g => top - g.Key + 1, g => g.ToArray());
        int widest = Math.Max(1, rows.Values.Select(r => r.Length).DefaultIfEmpty(1).Max());
        int width = (2 * Margin) + (widest * (BoxWidth + Across)) - Across, height = (2 * Margin) + ((top + 2) * (BoxHeight + Down)) - Down;
        var places = new Dictionary<int, (int X, int Y)>();
        foreach (var (row, parts) in rows)
            for (int i = 0; i < parts.Length; i++) places[parts[i].Id] = Place(row, i, parts.Length);
        var root = Place(0, 0, 1);

        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\">\n");
        text.Append(CultureInfo.InvariantCulture, $"<title>{Xml(manifest.Name)}</title>\n<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n");
        foreach (int need in manifest.Needs) Line(text, root, places[need], Gap);
        foreach (var part in manifest.Parts)
            foreach (int need in part.Needs) Line(text, places[part.Id], places[need], Gap);
        Box(text, root, manifest.Program, manifest.Version, "#dbe8ff");
        foreach (var part in manifest.Parts) Box(text, places[part.Id], GraphText.Label(part), GraphText.Source(part), part.Device is null ? "#f4f4f4" : "#e3f4df");
        return text.Append("</svg>\n").ToString();

        // Where a row lets a line through, nearest to x.
        int Gap(int row, int x)
        {
            int count = rows.TryGetValue(row, out var parts) ? parts.Length : 0;
            return Enumerable.Range(0, count + 1).Select(i => Place(row, i, Math.Max(1, count)).X - (Across / 2)).MinBy(lane => Math.Abs(lane - x));
        }

        (int X, int Y) Place(int row, int index, int count)
        {
            int used = (count * (BoxWidth + Across)) - Across;
            return (((width - used) / 2) + (index * (BoxWidth + Across)), Margin + (row * (BoxHeight + Down)));
        }
    }

    /// <summary>A curve from the lower edge of one box to the upper edge of another; past the rows between them through their gaps.</summary>
    private static void Line(StringBuilder text, (int X, int Y) from, (int X, int Y) to, Func<int, int, int> gap)
    {
        int x = from.X + (BoxWidth / 2), y = from.Y + BoxHeight, end = to.X + (BoxWidth / 2);
        text.Append(CultureInfo.InvariantCulture, $"<path d=\"M{x} {y}");
        for (int top = y + Down; top < to.Y; top += BoxHeight + Down)
        {
            int lane = gap((top - Margin) / (BoxHeight + Down), x + ((end - x) * (top - y) / (to.Y - y)));
            Curve(lane, top);
            text.Append(CultureInfo.InvariantCulture, $" V{y = top + BoxHeight}");
        }

        Curve(end, to.Y);
        text.Append("\" fill=\"none\" stroke=\"#888\"/>\n");

        void Curve(int toX, int toY)
        {
            text.Append(CultureInfo.InvariantCulture, $" C{x} {y + (Down / 2)} {toX} {toY - (Down / 2)} {toX} {toY}");
            (x, y) = (toX, toY);
        }
    }

    private static void Box(StringBuilder text, (int X, int Y) at, string title, string source, string fill)
    {
        text.Append(CultureInfo.InvariantCulture, $"<rect x=\"{at.X}\" y=\"{at.Y}\" width=\"{BoxWidth}\" height=\"{BoxHeight}\" rx=\"6\" fill=\"{fill}\" stroke=\"#555\"/>\n");
        text.Append(CultureInfo.InvariantCulture, $"<text x=\"{at.X + (BoxWidth / 2)}\" y=\"{at.Y + 22}\" text-anchor=\"middle\" font-size=\"14\">{Xml(Shorten(title, 32))}</text>\n");
        text.Append(CultureInfo.InvariantCulture, $"<text x=\"{at.X + (BoxWidth / 2)}\" y=\"{at.Y + 41}\" text-anchor=\"middle\" font-size=\"11\" fill=\"#555\">{Xml(Shorten(source, 44))}</text>\n");
    }

    private static string Shorten(string text, int most) => text.Length <= most ? text : text[..(most - 1)] + "…";

    private static string Xml(string text) => text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;").Replace("\"", "&quot;");
}
