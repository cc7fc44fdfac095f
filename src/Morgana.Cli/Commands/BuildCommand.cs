using System.CommandLine;
using Morgana.Build;
using Morgana.Cli.Running;
using Morgana.Cli.Terminal;

namespace Morgana.Cli.Commands;

/// <summary><c>morgana build</c>.</summary>
internal static class BuildCommand
{
    private static readonly Argument<string> Project = new("PROJECT") { Description = "a unikernel's project or its folder" };
    private static readonly Option<string> Output = new("--output", "-o") { Description = "where to put the image", HelpName = "FILE", Required = true };

    public static Command Create()
    {
        var command = new Command("build", "Build a unikernel's image: one static file.") { Project, Output };
        command.SetAction((result, _) => BuildAsync(result.GetRequiredValue(Project), result.GetRequiredValue(Output)));
        return command;
    }

    private static async Task<int> BuildAsync(string path, string output)
    {
        using var stop = new StopSignals();
        string project = ProjectFile.Locate(path);
        if (Directory.Exists(output)) throw new CommandException($"{output} is a folder: name the file for the image", ExitStatus.Usage);
        string folder = Path.GetDirectoryName(Path.GetFullPath(output))!;
        if (!Directory.Exists(folder)) throw new CommandException($"there is no folder {folder} for the image");

        BuildResult image;
        using (var log = new ConsoleBuildLog()) image = await new Builder(BuildKind.Image, log).BuildAsync(project, stop.Token);
        string temporary = output + ".new";
        File.Copy(image.Path, temporary, overwrite: true);
        File.Move(temporary, output, overwrite: true);
        Console.WriteLine($"{output}: {new FileInfo(output).Length / 1e6:F1} MB{(image.WasCurrent ? ", nothing had changed" : "")}");
        return ExitStatus.Done;
    }
}
