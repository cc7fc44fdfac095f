using System.Globalization;
using Morgana.Build;
using Morgana.Build.Manifests;
using Morgana.Cli.Arguments;
using Morgana.Cli.Terminal;
using Morgana.Drivers.Tap;

namespace Morgana.Cli.Running.Vm;

/// <summary>The linux-vm target: the same image on a stock Linux, in the same virtual machine; what our own kernel is measured against.</summary>
internal static class LinuxVmTarget
{
    /// <summary>What Linux itself takes, before the image has anything.</summary>
    public const long LinuxMemory = 80L << 20;

    /// <summary>What the guest has when nothing is said.</summary>
    public const long DefaultMemory = 256L << 20;

    /// <summary>Runs the guest until it ends or the user stops it.</summary>
    /// <returns>The guest's own exit status; 0 if the user stopped it.</returns>
    public static async Task<int> RunAsync(RunSettings settings)
    {
        using var stop = new StopSignals();
        string qemu = Toolchain.FindProgram(QemuCommand.Program) ?? throw new CommandException($"the linux-vm target needs {QemuCommand.Program}: sudo apt-get install qemu-system-x86");
        string application, accelerator;
        LinuxKernel linux;
        using (var log = new ConsoleBuildLog())
        {
            linux = await LinuxKernel.GetAsync(log, stop.Token);
            application = await FindAsync(settings.Subject, log, stop.Token);
            accelerator = await Accelerator.ChooseAsync(settings.Accelerator, await new KernelBuilder(log).BuildAsync(stop.Token), qemu);
        }

        var manifest = ManifestFile.Read(application);
        ManifestCheck.CheckFiles(settings, manifest, application);
        var plan = ManifestCheck.OneNetwork(NetworkPlan.Make(settings, manifest), settings.Target);
        using var attachments = Attachments.Open(settings, manifest, "fd", GuestProcess.FirstDescriptor + plan.Count);
        string folder = Directory.CreateTempSubdirectory("morgana-linux-vm-").FullName;
        try
        {
            await using var network = await GuestNetworks.OpenAsync(plan);
            string archive = Path.Combine(folder, "initramfs");
            bool isTap = plan is [{ IsGateway: false }];
            int mtu = network.Descriptors.IsEmpty ? 1500 : isTap ? TapInterface.ReadMtu(network.Descriptors[0]) : Gateway.Gateway.DefaultMtu;
            bool hasNetwork = !network.Descriptors.IsEmpty;
            long memory = settings.IsMemoryExplicit ? settings.Memory : DefaultMemory;
            VmDisk[] disks = [.. settings.Devices.Where(d => d.Path is not null).Select((d, i) => new VmDisk(GuestProcess.FirstDescriptor + 2 + network.Descriptors.Length + i, d.IsReadOnly))];
            string[] environment = [.. Environment(memory, plan.FirstOrDefault()?.Device, attachments.Devices), .. PlainGuest.Environment(settings, manifest, hasNetwork)];
            await LinuxVmImage.CreateAsync(linux, application, environment, settings.BootArguments, hasNetwork, disks.Length, isPci: settings.Machine != "microvm", archive, stop.Token);

            using GuestLine console = new(), status = new();
            int[] descriptors = [console.Descriptor, status.Descriptor, .. network.Descriptors, .. attachments.Descriptors];
            var vm = new VmSettings
            {
                Image = linux.Image,
                InitialRam = archive,
                Memory = memory,
                Machine = settings.Machine,
                Accelerator = accelerator,
                Processors = settings.Processors,
                CommandLine = CommandLine(settings.IsVerbose),
                ConsoleDescriptor = GuestProcess.FirstDescriptor,
                StatusDescriptor = GuestProcess.FirstDescriptor + 1,
                Networks = hasNetwork ? [new(GuestProcess.FirstDescriptor + 2, isTap, mtu, isTap ? "" : GuestNetwork.GuestMac)] : [],
                Disks = disks,
            };
            var guest = GuestProcess.Start(qemu, QemuCommand.Arguments(vm), ["TMPDIR=/tmp"], descriptors);
            console.Release();
            status.Release();
            network.Release();
            attachments.Dispose();
            return await VmTarget.WatchAsync(guest, network, console, status, console, typing: null, VmTarget.Grace, stop);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Linux's own command line. Linux keeps silent; IPv6 is off, or it would send from our interface.</summary>
    internal static string CommandLine(bool isVerbose) =>
        $"console=ttyS0 {(isVerbose ? "" : "quiet ")}panic=-1 reboot=t ipv6.disable=1 no_timer_check 8250.nr_uarts=1";

    /// <summary>Makes the initial file system with which a stock Linux runs an image, for who starts the monitor himself: as <see cref="RunAsync"/> makes it, with all devices that the manifest names.</summary>
    /// <param name="subject">A project, or an application that was built.</param>
    /// <param name="memory">The machine's, of which Linux takes its part.</param>
    /// <param name="machine">microvm or q35.</param>
    /// <param name="boot">The image's command line.</param>
    /// <param name="output">The file to make.</param>
    /// <param name="log">Where the work is shown.</param>
    /// <param name="cancel">Ends the work.</param>
    public static async Task BuildAsync(string subject, long memory, string machine, string[] boot, string output, IBuildLog log, CancellationToken cancel)
    {
        var linux = await LinuxKernel.GetAsync(log, cancel);
        string application = await FindAsync(subject, log, cancel);
        var manifest = ManifestFile.Read(application);
        string[] networks = manifest is null ? [NetworkPlan.DefaultDevice] : [.. manifest.Devices.Where(d => d.Kind == "network").Select(d => d.Name)];
        if (networks.Length > 1) throw new CommandException($"the target linux-vm attaches one network device, and {string.Join(" and ", networks)} are needed");
        string[] disks = [.. (manifest?.Devices ?? []).Where(d => d.Kind == "block").Select((d, i) => string.Create(CultureInfo.InvariantCulture, $"{d.Name}=file,fd={GuestProcess.FirstDescriptor + networks.Length + i}"))];
        string[] environment = [.. Environment(memory, networks.FirstOrDefault(), disks), .. PlainGuest.Served(manifest, networks.Length > 0)];
        await LinuxVmImage.CreateAsync(linux, application, environment, boot, networks.Length > 0, disks.Length, isPci: machine != "microvm", output, cancel);
    }

    private static string[] Environment(long memory, string? network, IEnumerable<string> devices)
    {
        long ours = Math.Max(memory - LinuxMemory, MemorySize.Least);
        return
        [
            .. KernelCommandLine.Environment(ours, heap: ours / 2),
            // The first process opens them: init.c.
            "MORGANA_DEVICES=" + string.Join(';', [.. network is not null ? [string.Create(CultureInfo.InvariantCulture, $"{network}=packet-socket,fd={GuestProcess.FirstDescriptor}")] : Array.Empty<string>(), .. devices]),
        ];
    }

    private static async Task<string> FindAsync(string subject, IBuildLog log, CancellationToken stop)
    {
        if (!File.Exists(subject) || ProjectFile.IsNamedLikeOne(subject))
        {
            if (!File.Exists(subject) && !Directory.Exists(subject)) throw new CommandException($"{subject}: no such project or image");
            return (await new Builder(BuildKind.Image, log).BuildAsync(ProjectFile.Locate(subject), stop)).Path;
        }

        if (ElfFile.FindFault(subject) is { } fault) throw new CommandException(fault);
        return Path.GetFullPath(subject);
    }
}
