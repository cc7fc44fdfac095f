using System.Text;
using Morgana.Build.Manifests;

namespace Morgana.Cli.Describing;

/// <summary>A graph as a Mermaid flowchart, which Markdown viewers draw.</summary>
internal static class GraphMermaid
{
    public static string Write(Manifest manifest)
    {
        var text = new StringBuilder("flowchart TD\n");
        text.Append("  root([\"").Append(Quote(manifest.Program)).Append("\"])\n");
        foreach (var part in manifest.Parts)
        {
            string label = $"{Quote(GraphText.Label(part))}<br/>{Quote(GraphText.Source(part))}";
            text.Append("  p").Append(part.Id).Append(part.Device is null ? $"[\"{label}\"]" : $"[(\"{label}\")]").Append('\n');
        }

        foreach (int need in manifest.Needs) text.Append("  root --> p").Append(need).Append('\n');
        foreach (var part in manifest.Parts)
            foreach (int need in part.Needs) text.Append("  p").Append(part.Id).Append(" --> p").Append(need).Append('\n');
        return text.ToString();
    }

    // Mermaid's entities begin with a number sign.
    private static string Quote(string text) => text.Replace("#", "#35;").Replace("\"", "#quot;").Replace("<", "#lt;").Replace(">", "#gt;");
}
