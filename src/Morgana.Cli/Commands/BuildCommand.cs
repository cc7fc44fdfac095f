using System.CommandLine;
using Morgana.Build;
using Morgana.Cli.Running;
using Morgana.Cli.Running.Vm;
using Morgana.Cli.Terminal;

namespace Morgana.Cli.Commands;

/// <summary><c>morgana build</c>.</summary>
internal static class BuildCommand
{
    private static readonly Argument<string> Project = new("PROJECT") { Description = "a unikernel's project or its folder" };
    private static readonly Option<string> Output = new("--output", "-o") { Description = "where to put the image", HelpName = "FILE", Required = true };
    private static readonly Option<string> Target = new("--target") { Description = "process: a program for Linux; vm: the same with a kernel, for a virtual machine to boot (default: process)", HelpName = "process|vm" };

    public static Command Create()
    {
        var command = new Command("build", "Build a unikernel's image: one static file.") { Project, Output, Target };
        command.SetAction((result, _) => BuildAsync(result.GetRequiredValue(Project), result.GetRequiredValue(Output), result.GetValue(Target) ?? "process"));
        return command;
    }

    private static async Task<int> BuildAsync(string path, string output, string target)
    {
        if (target is not ("process" or "vm")) throw new CommandException($"there is no image for a target '{target}': there are process and vm", ExitStatus.Usage);
        using var stop = new StopSignals();
        string project = ProjectFile.Locate(path);
        if (Directory.Exists(output)) throw new CommandException($"{output} is a folder: name the file for the image", ExitStatus.Usage);
        string folder = Path.GetDirectoryName(Path.GetFullPath(output))!;
        if (!Directory.Exists(folder)) throw new CommandException($"there is no folder {folder} for the image");

        BuildResult image;
        using (var log = new ConsoleBuildLog())
        {
            image = await new Builder(BuildKind.Image, log).BuildAsync(project, stop.Token);
            if (target == "vm") VirtualMachineImage.Create(await new KernelBuilder(log).BuildAsync(stop.Token), image.Path, output);
        }

        if (target == "process")
        {
            string temporary = output + ".new";
            File.Copy(image.Path, temporary, overwrite: true);
            File.Move(temporary, output, overwrite: true);
        }

        Console.WriteLine($"{output}: {new FileInfo(output).Length / 1e6:F1} MB{(image.WasCurrent ? ", nothing had changed" : "")}");
        return ExitStatus.Done;
    }
}
