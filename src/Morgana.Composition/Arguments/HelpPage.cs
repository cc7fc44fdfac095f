using System.Text;

namespace Morgana.Composition;

/// <summary>What <c>--help</c> shows: every boot argument of every part, as a man page would.</summary>
internal static class HelpPage
{
    public static string Write(Graph graph)
    {
        var text = new StringBuilder();
        text.Append("NAME\n       ").Append(graph.Name);
        if (graph.Help.Length > 0) text.Append(" - ").Append(graph.Help);
        text.Append("\n\nSYNOPSIS\n       ").Append(graph.Name).Append(" [--name=value ...]\n");
        foreach (var group in graph.Arguments.GroupBy(a => a.Group))
        {
            text.Append('\n').Append(group.Key.ToUpperInvariant()).Append('\n');
            foreach (var argument in group) Write(text, argument);
        }

        if (graph.Devices.Count > 0)
        {
            text.Append("\nDEVICES\n");
            foreach (var device in graph.Devices) text.Append("       ").Append(device.Name).Append("  ").Append(device.Kind).Append('\n');
        }

        if (graph.Secrets.Count > 0)
        {
            text.Append("\nSECRETS\n");
            foreach (string secret in graph.Secrets) text.Append("       ").Append(secret).Append('\n');
        }

        return text.Append("\nEXIT STATUS\n       the unikernel's own; 64 if it was started wrongly\n").ToString();
    }

    private static void Write(StringBuilder text, ArgumentDescription argument)
    {
        text.Append("       --").Append(argument.Name);
        if (!argument.IsFlag) text.Append('=').Append(argument.Value);
        text.Append("\n              ").Append(argument.Help.Length > 0 ? argument.Help : "Expects " + argument.Expected + ".");
        if (argument.IsRequired) text.Append(" Required.");
        else if (argument.Default is { Length: > 0 } value) text.Append(" (default: ").Append(value).Append(')');
        text.Append('\n');
    }
}
