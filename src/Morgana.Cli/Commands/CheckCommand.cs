using System.CommandLine;
using Morgana.Build;
using Morgana.Check;
using Morgana.Cli.Checking;
using Morgana.Cli.Running;
using Morgana.Cli.Terminal;

namespace Morgana.Cli.Commands;

/// <summary><c>morgana check</c>: what a program calls that its image will not do.</summary>
internal static class CheckCommand
{
    private static readonly string[] Formats = ["text", "json"];
    private static readonly Argument<string> Project = new("PROJECT") { Description = "a project, its folder, or a program that is one .cs file" };
    private static readonly Option<string> Format = new("--format") { Description = "text to read, or json (default: text)", HelpName = string.Join('|', Formats) };

    public static Command Create()
    {
        var command = new Command("check", "Compile a program and say what it or its packages call that an image does not do. Nothing is run. The exit status is 1 if a call fails.") { Project, Format };
        command.SetAction((result, _) => CheckAsync(result.GetRequiredValue(Project), result.GetValue(Format) ?? "text"));
        return command;
    }

    private static async Task<int> CheckAsync(string path, string format)
    {
        if (!Formats.Contains(format)) throw new CommandException($"there is no format '{format}': there are {string.Join(" and ", Formats)}", ExitStatus.Usage);
        using var stop = new StopSignals();
        string project = ProjectFile.Locate(path), folder = Path.GetDirectoryName(project)!;
        using (var log = new ConsoleBuildLog()) await new Builder(BuildKind.Image, log).BuildAsync(project, stop.Token);
        var reports = Builder.Reports(project);
        if (!reports.Exist) throw new CommandException($"what the compiler said of {project} is not there any more: remove {Path.Combine(folder, "obj")} and try again");
        Finding[] found = Find(reports, folder);
        Console.Out.Write(format == "json" ? CheckJson.Write(found) : CheckText.Write(Path.GetFileNameWithoutExtension(project), found));
        return found.Any(f => f.Verdict == Verdict.Fails) ? ExitStatus.Failed : ExitStatus.Done;
    }

    private static Finding[] Find(CompilerReports reports, string folder)
    {
        try
        {
            var calls = ProgramCheck.Run(reports.Response, reports.Compiled, folder);
            return [.. calls.Concat(CompilerWarnings.Read(reports.Trimming, folder)).OrderBy(f => f.Verdict)];
        }
        catch (BadImageFormatException e)
        {
            throw new CommandException(e.Message);
        }
    }
}
