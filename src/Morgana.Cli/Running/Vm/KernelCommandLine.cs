using System.Globalization;
using System.Text;
using Morgana.Build.Manifests;

namespace Morgana.Cli.Running.Vm;

/// <summary>The guest's command line, as its kernel reads it: Morgana.Kernel/Boot/CommandLine.cs.</summary>
internal static class KernelCommandLine
{
    /// <summary>What the kernel takes at most.</summary>
    public const int MaxLength = 4095;

    // What the kernel gives a disk for the content on its way: Morgana.Kernel/Uio/Uio.cs.
    private const long MostForDisk = 1 << 20;

    /// <summary>Options of the kernel's, the application's environment, and behind <c>--</c> its arguments.</summary>
    /// <exception cref="CommandException">It would be too long.</exception>
    public static string Format(IEnumerable<string> options, IEnumerable<string> environment, IEnumerable<string> arguments)
    {
        string line = string.Join(' ', options.Concat(environment.Select(Quote)).Append("--").Concat(arguments.Select(Quote)));
        return Encoding.UTF8.GetByteCount(line) <= MaxLength ? line : throw new CommandException($"a virtual machine takes {MaxLength} octets of arguments, and these have {line.Length}", ExitStatus.Usage);
    }

    /// <summary>What a monitor has to say to an image, for who starts one himself: as the vm target says it, but for the arguments behind its end.</summary>
    /// <param name="manifest">The image's, or null.</param>
    /// <param name="length">What the image's file takes.</param>
    /// <param name="memory">All of the guest's.</param>
    public static string ForImage(Manifest? manifest, long length, long memory)
    {
        var (dma, heap) = Share(memory, length, Count("block"), manifest is null ? 1 : Count("network"));
        return Format([string.Create(CultureInfo.InvariantCulture, $"dma={dma}")], [.. Environment(memory, heap), "MORGANA_DEVICES=" + Devices(manifest), .. PlainGuest.Served(manifest, hasNetwork: true)], []);

        int Count(string kind) => manifest?.Devices.Count(d => d.Kind == kind) ?? 0;
    }

    /// <summary>Where nobody attaches devices: the machine has them in the manifest's order, its networks first, as run would attach them.</summary>
    /// <remarks>Who has no manifest does not say whether there is a network; run gives it one.</remarks>
    public static string Devices(Manifest? manifest) => manifest is null ? NetworkPlan.DefaultDevice + "=virtio,uio=0" : string.Join(';', manifest.Devices
        .OrderBy(d => d.Kind == "network" ? 0 : 1)
        .Where(d => d.Kind is "network" or "block")
        .Select((d, i) => string.Create(CultureInfo.InvariantCulture, $"{d.Name}=virtio,uio={i}")));

    /// <summary>How a guest's memory is shared out: the network's buffers, and the collector's limit, beside the kernel and the image.</summary>
    /// <param name="memory">All of it.</param>
    /// <param name="image">What the application's file takes of it.</param>
    /// <param name="disks">How many disks there are.</param>
    /// <param name="networks">How many networks there are, which share what one would have.</param>
    /// <returns>Octets for each network's buffers, and the collector's limit.</returns>
    public static (long Dma, long Heap) Share(long memory, long image, int disks = 0, int networks = 1)
    {
        const long leastDma = 512 << 10, rest = 3 << 19;
        // .NET's collector does not begin with less. It is a limit alone: where there is less, memory itself is, and is refused.
        const long leastHeap = 8 << 20;
        // Thread stacks, native memory, the collector's tables and page tables: what a small web application was seen to take beside its heap.
        const long leastNative = 7 << 20;
        // The device's memory is taken whole: a guest that has little, beside a large image for example, gives less of it.
        long all = memory >= 48 << 20 ? Math.Max((memory - image) / 4, memory / 8) : memory / (memory >= 32 << 20 ? 8 : 16);
        all = Math.Clamp(all, leastDma, 64 << 20);
        long dma = Math.Max(all / Math.Max(networks, 1), leastDma) & -4096;
        long left = memory - image - (dma * Math.Max(networks, 1)) - (disks * Math.Min(dma, MostForDisk)) - rest;
        long heap = Math.Max(left - Math.Max(left / 4, leastNative), leastHeap);
        return (dma, heap);
    }

    /// <summary>The environment that tells the runtime and the libraries so.</summary>
    public static IEnumerable<string> Environment(long memory, long heap) =>
    [
        "MORGANA_MEMORY=" + memory.ToString(CultureInfo.InvariantCulture),
        .. HeapLimit.Environment(heap),
    ];

    private static string Quote(string word)
    {
        if (word.Length > 0 && word.AsSpan().IndexOfAny(" \"\\") < 0) return word;
        return "\"" + word.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";
    }
}
