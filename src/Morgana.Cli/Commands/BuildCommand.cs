using System.CommandLine;
using System.Globalization;
using Morgana.Build;
using Morgana.Build.Manifests;
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

    private static readonly Option<string> Format = new("--format") { Description = "of a virtual machine's image. elf: what a monitor boots as a kernel (PVH); disk: a raw disk that a PC's BIOS boots (default: elf)", HelpName = "elf|disk" };

    /// <param name="boot">What follows <c>--</c> on the command line.</param>
    public static Command Create(string[] boot)
    {
        var command = new Command("build", "Build a unikernel's image: one static file. What follows -- are the boot arguments that a disk has on it.") { Project, Output, Target, Format };
        command.SetAction((result, _) => BuildAsync(result.GetRequiredValue(Project), result.GetRequiredValue(Output), result.GetValue(Target) ?? "process", result.GetValue(Format), boot));
        return command;
    }

    private static async Task<int> BuildAsync(string path, string output, string target, string? format, string[] boot)
    {
        if (target is not ("process" or "vm")) throw new CommandException($"there is no image for a target '{target}': there are process and vm", ExitStatus.Usage);
        if (format is not (null or "elf" or "disk")) throw new CommandException($"there is no format '{format}': there are elf and disk", ExitStatus.Usage);
        if (format is not null && target != "vm") throw new CommandException("--format needs --target vm", ExitStatus.Usage);
        if (boot.Length > 0 && format != "disk") throw new CommandException("only run takes boot arguments after --, and build where it makes a disk (--target vm --format disk)", ExitStatus.Usage);
        using var stop = new StopSignals();
        string project = ProjectFile.Locate(path);
        if (Directory.Exists(output)) throw new CommandException($"{output} is a folder: name the file for the image", ExitStatus.Usage);
        string folder = Path.GetDirectoryName(Path.GetFullPath(output))!;
        if (!Directory.Exists(folder)) throw new CommandException($"there is no folder {folder} for the image");

        BuildResult image;
        using (var log = new ConsoleBuildLog())
        {
            image = await new Builder(BuildKind.Image, log).BuildAsync(project, stop.Token);
            if (target == "vm") MakeBootable(await new KernelBuilder(log).BuildAsync(stop.Token), image.Path, output, format, boot);
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

    private static void MakeBootable(string kernel, string application, string output, string? format, string[] boot)
    {
        if (format != "disk")
        {
            VirtualMachineImage.Create(kernel, application, output);
            return;
        }

        string image = output + ".elf.new";
        try
        {
            VirtualMachineImage.Create(kernel, application, image);
            DiskImage.Create(image, KernelBuilder.LoaderOf(kernel), KernelCommandLine.Format([], ["MORGANA_DEVICES=" + Devices(ManifestFile.Read(image))], boot), output);
        }
        finally
        {
            File.Delete(image);
        }
    }

    // Nobody attaches devices to a disk: the machine has them in the manifest's order, its network first, as run would attach them.
    private static string Devices(Manifest? manifest) => string.Join(';', (manifest?.Devices ?? [])
        .OrderBy(d => d.Kind == "network" ? 0 : 1)
        .Where(d => d.Kind is "network" or "block")
        .Select((d, i) => string.Create(CultureInfo.InvariantCulture, $"{d.Name}=virtio,uio={i}")));
}
