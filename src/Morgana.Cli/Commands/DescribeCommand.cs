using System.CommandLine;
using Morgana.Build;
using Morgana.Build.Manifests;
using Morgana.Cli.Describing;
using Morgana.Cli.Running;
using Morgana.Cli.Terminal;

namespace Morgana.Cli.Commands;

/// <summary><c>morgana describe</c>: what a unikernel is made of, without running it.</summary>
internal static class DescribeCommand
{
    private static readonly string[] Formats = ["text", "json", "mermaid", "svg"];
    private static readonly Argument<string> Subject = new("PROJECT|IMAGE") { Description = "a unikernel's project or its folder, or an image made by build" };
    private static readonly Option<string> Format = new("--format") { Description = "text to read, json, a mermaid chart, or an svg picture (default: text)", HelpName = string.Join('|', Formats) };

    public static Command Create()
    {
        var command = new Command("describe", "Show a unikernel's graph: parts, devices, targets, boot arguments, boot order.") { Subject, Format };
        command.SetAction((result, _) => DescribeAsync(result.GetRequiredValue(Subject), result.GetValue(Format) ?? "text"));
        return command;
    }

    private static async Task<int> DescribeAsync(string subject, string format)
    {
        if (!Formats.Contains(format)) throw new CommandException($"there is no format '{format}': there are {string.Join(", ", Formats)}", ExitStatus.Usage);
        using var stop = new StopSignals();
        string file = await FindAsync(subject, stop.Token);
        var manifest = ManifestFile.Read(file) ?? throw new CommandException($"{subject} has no manifest: its program names no parts (docs/manifest.md)");
        long? size = ElfFile.IsElf(file) ? new FileInfo(file).Length : null;
        Console.Out.Write(format switch
        {
            "json" => manifest.ToJson() + "\n",
            "mermaid" => GraphMermaid.Write(manifest),
            "svg" => GraphSvg.Write(manifest),
            _ => GraphText.Write(manifest, size),
        });
        return ExitStatus.Done;
    }

    /// <summary>The image if it is current; else what compiling alone gives, which takes less.</summary>
    private static async Task<string> FindAsync(string subject, CancellationToken stop)
    {
        bool isProject = Directory.Exists(subject) || ProjectFile.IsNamedLikeOne(subject);
        if (!isProject) return File.Exists(subject) ? Path.GetFullPath(subject) : throw new CommandException($"{subject}: no such project or image");
        string project = ProjectFile.Locate(subject);
        using var log = new ConsoleBuildLog();
        if (new Builder(BuildKind.Image, log).FindCurrent(project) is { } image) return image.Path;
        return (await new Builder(BuildKind.Managed, log).BuildAsync(project, stop)).Path + ".dll";
    }
}
