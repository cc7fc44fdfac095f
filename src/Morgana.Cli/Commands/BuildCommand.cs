using System.CommandLine;
using System.CommandLine.Parsing;
using Morgana.Build;
using Morgana.Build.Manifests;
using Morgana.Cli.Running;
using Morgana.Cli.Running.Vm;
using Morgana.Cli.Terminal;

namespace Morgana.Cli.Commands;

/// <summary><c>morgana build</c>.</summary>
internal static class BuildCommand
{
    private static readonly Argument<string> Project = new("PROJECT") { Description = "a project, its folder, or a program that is one .cs file; for linux-vm also an image made by build" };
    private static readonly Option<string> Output = new("--output", "-o") { Description = "where to put the image", HelpName = "FILE", Required = true };
    private static readonly Option<string> Target = new("--target") { Description = "process: a program for Linux; vm: the same with a kernel, for a virtual machine to boot; linux-vm: the same in an initial file system, for a stock Linux to boot with (default: process)", HelpName = "process|vm|linux-vm" };

    private static readonly Option<string> Format = new("--format") { Description = "of a virtual machine's image. elf: what a monitor boots as a kernel (PVH); disk: a raw disk that a PC's BIOS boots (default: elf)", HelpName = "elf|disk" };

    // The first process on a stock Linux finds in its archive what run would tell it.
    private static readonly Option<string> Machine = new("--machine") { Description = "which machine a stock Linux is to boot on: microvm or q35 (default: microvm)", HelpName = "microvm|q35" };
    private static readonly Option<long> Memory = new("--memory")
    {
        Description = "that machine's whole memory, of which Linux has its part (default: 256M)",
        HelpName = "SIZE",
        CustomParser = RunCommand.ParseMemory,
    };

    /// <param name="boot">What follows <c>--</c> on the command line.</param>
    public static Command Create(string[] boot)
    {
        var command = new Command("build", "Build a unikernel's image: one static file. What follows -- are the boot arguments that a disk, or the initial file system of a stock Linux, has in it.") { Project, Output, Target, Format, Machine, Memory };
        command.SetAction((result, _) => result.GetValue(Target) == "linux-vm" ? BuildArchiveAsync(result, boot) : BuildAsync(result, result.GetValue(Target) ?? "process", result.GetValue(Format), boot));
        return command;
    }

    private static async Task<int> BuildAsync(ParseResult result, string target, string? format, string[] boot)
    {
        string path = result.GetRequiredValue(Project), output = result.GetRequiredValue(Output);
        if (target is not ("process" or "vm")) throw new CommandException($"there is no image for a target '{target}': there are process, vm and linux-vm", ExitStatus.Usage);
        foreach (Option option in (Option[])[Machine, Memory])
            if (result.GetResult(option) is { Implicit: false }) throw new CommandException($"{option.Name} needs --target linux-vm", ExitStatus.Usage);
        if (format is not (null or "elf" or "disk")) throw new CommandException($"there is no format '{format}': there are elf and disk", ExitStatus.Usage);
        if (format is not null && target != "vm") throw new CommandException("--format needs --target vm", ExitStatus.Usage);
        if (boot.Length > 0 && format != "disk") throw new CommandException("only run takes boot arguments after --, and build where it makes a disk (--target vm --format disk) or what a stock Linux boots with (--target linux-vm)", ExitStatus.Usage);
        using var stop = new StopSignals();
        string project = ProjectFile.Locate(path);
        CheckOutput(output);

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

    private static async Task<int> BuildArchiveAsync(ParseResult result, string[] boot)
    {
        string output = result.GetRequiredValue(Output), machine = result.GetValue(Machine) ?? "microvm";
        if (result.GetValue(Format) is not null) throw new CommandException("--format needs --target vm", ExitStatus.Usage);
        if (machine is not ("microvm" or "q35")) throw new CommandException($"--machine {machine}: expected microvm or q35", ExitStatus.Usage);
        CheckOutput(output);
        using var stop = new StopSignals();
        using (var log = new ConsoleBuildLog())
            await LinuxVmTarget.BuildAsync(result.GetRequiredValue(Project), result.GetValue(Memory) is > 0 and var memory ? memory : LinuxVmTarget.DefaultMemory, machine, boot, output, log, stop.Token);
        Console.WriteLine($"{output}: {new FileInfo(output).Length / 1e6:F1} MB");
        return ExitStatus.Done;
    }

    private static void CheckOutput(string output)
    {
        if (Directory.Exists(output)) throw new CommandException($"{output} is a folder: name the file for the image", ExitStatus.Usage);
        string folder = Path.GetDirectoryName(Path.GetFullPath(output))!;
        if (!Directory.Exists(folder)) throw new CommandException($"there is no folder {folder} for the image");
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
            var manifest = ManifestFile.Read(image);
            string[] environment = ["MORGANA_DEVICES=" + KernelCommandLine.Devices(manifest), .. PlainGuest.Served(manifest, hasNetwork: true)];
            DiskImage.Create(image, KernelBuilder.LoaderOf(kernel), KernelCommandLine.Format([], environment, boot), output);
        }
        finally
        {
            File.Delete(image);
        }
    }
}
