using System.CommandLine;
using System.Globalization;
using Morgana.Build;
using Morgana.Build.Manifests;
using Morgana.Cli.Arguments;
using Morgana.Cli.Running.Vm;

namespace Morgana.Cli.Commands;

/// <summary><c>morgana inspect</c>: what is in an image that was built.</summary>
internal static class InspectCommand
{
    private static readonly Argument<string> Image = new("IMAGE") { Description = "a file made by build" };
    private static readonly Option<long> Memory = new("--memory")
    {
        Description = "how much memory the machine has that the shown command line is for (default: 64M)",
        HelpName = "SIZE",
        // A small image may need less than run gives to every one.
        CustomParser = result => RunCommand.ParseMemory(result, 1 << 20),
    };

    public static Command Create()
    {
        var command = new Command("inspect", "Show what is in an image: devices, sizes, versions, hash, and the system calls that its kernel serves.") { Image, Memory };
        command.SetAction(result => Inspect(result.GetRequiredValue(Image), result.GetValue(Memory) is > 0 and var memory ? memory : RunSettings.DefaultMemory));
        return command;
    }

    private static int Inspect(string path, long memory)
    {
        if (!File.Exists(path)) throw new CommandException($"{path}: no such image");
        var (facts, manifest) = Read(path);
        Line("kind", facts.IsDisk ? "a disk that a PC's BIOS boots, with a virtual machine's image" : facts.IsBootable ? "a virtual machine's image: kernel and application (PVH)" : "a program for Linux on x86-64");
        Line("size", Size(facts.Length));
        Line("sha256", facts.Hash);
        if (manifest is not null)
        {
            Line("name", $"{manifest.Name} {manifest.Version}");
            Line("made by", $"Morgana {manifest.Morgana}");
            Line("targets", string.Join(", ", manifest.Targets));
            Line("devices", manifest.Devices.Count == 0 ? "none" : string.Join(", ", manifest.Devices.Select(d => $"{d.Name} ({d.Kind}: {string.Join(" or ", d.Drivers)})")));
        }
        else
        {
            Line("devices", "not said: it has no manifest (docs/manifest.md)");
        }

        if (facts.CommandLine is { } line) Line("says", line);
        // What run would say, for who boots it with a monitor of his own.
        else if (facts.IsBootable) Line("wants said", $"{KernelCommandLine.ForImage(manifest, facts.Length, memory)} ARGUMENTS");
        Pieces("kernel", facts.KernelPieces);
        Pieces("application", facts.ApplicationPieces);
        if (facts.IsBootable) Line("calls", $"{facts.SystemCalls.Count}: {string.Join(' ', facts.SystemCalls.Select(c => c.Name))}");
        return ExitStatus.Done;
    }

    private static (ImageFacts, Manifest?) Read(string path)
    {
        try
        {
            return (ImageFacts.Read(path), ManifestFile.Read(path));
        }
        catch (BuildException e) when (!e.Message.Contains(path, StringComparison.Ordinal))
        {
            throw new CommandException($"{path}: {e.Message}");
        }
    }

    private static void Pieces(string what, IReadOnlyList<(string Name, long File, long Memory)> pieces)
    {
        if (pieces.Count > 0) Line(what, string.Join(", ", pieces.Select(p => $"{p.Name} {Size(p.File)}{(p.Memory > p.File ? $" ({Size(p.Memory)} in memory)" : "")}")));
    }

    private static void Line(string name, string value) => Console.WriteLine($"{name,-12}{value}");

    private static string Size(long octets) => octets >= 1 << 20
        ? string.Create(CultureInfo.InvariantCulture, $"{octets / 1048576.0:F1} MB")
        : string.Create(CultureInfo.InvariantCulture, $"{octets / 1024.0:F1} KB");
}
