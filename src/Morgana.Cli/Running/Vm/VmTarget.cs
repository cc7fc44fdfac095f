using System.Globalization;
using Morgana.Build;
using Morgana.Build.Manifests;
using Morgana.Cli.Arguments;
using Morgana.Cli.Terminal;
using Morgana.Drivers.Tap;

namespace Morgana.Cli.Running.Vm;

/// <summary>The vm target: the image on our own kernel, as a virtual machine under QEMU.</summary>
internal static class VmTarget
{
    internal const byte TerminateKey = 0x1c;            // What the kernel's console takes for SIGTERM.

    /// <summary>How long a guest has to end.</summary>
    internal static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    /// <summary>Runs the guest until it ends or the user stops it.</summary>
    /// <returns>The guest's own exit status; 0 if the user stopped it.</returns>
    public static async Task<int> RunAsync(RunSettings settings)
    {
        using var stop = new StopSignals();
        string qemu = await Packages.RequireAsync(QemuCommand.Program, "qemu-system-x86", stop.Token);
        string kernel, image;
        using (var log = new ConsoleBuildLog())
        {
            kernel = await new KernelBuilder(log).BuildAsync(stop.Token);
            image = await VmImages.FindAsync(settings.Subject, kernel, log, stop.Token);
        }

        var manifest = ManifestFile.Read(image);
        ManifestCheck.CheckFiles(settings, manifest, image);
        var plan = NetworkPlan.Make(settings, manifest);
        settings = settings with { Devices = [.. settings.Devices.Select(AsDisk)] };
        using var attachments = Attachments.Open(settings, manifest, "uio", plan.Count);
        string accelerator = await Accelerator.ChooseAsync(settings.Accelerator, kernel, qemu);
        using var disk = new DiskCopy();
        await using var network = await GuestNetworks.OpenAsync(plan);
        using GuestLine console = new(), status = new(), input = new();
        int[] descriptors = [console.Descriptor, status.Descriptor, .. network.Descriptors, .. attachments.Descriptors, input.Descriptor];
        string[] variables = PlainGuest.Environment(settings, manifest, hasNetwork: plan.Count > 0);
        var vm = Describe(settings, image, accelerator, Networks(plan, network.Descriptors), plan, attachments, variables, manifest is null ? null : GuestProcess.FirstDescriptor + descriptors.Length - 1);
        if (DiskImage.IsOne(image)) vm = vm with { IsDisk = true, Image = disk.Make(image, vm.CommandLine) };
        var guest = GuestProcess.Start(qemu, QemuCommand.Arguments(vm), ["TMPDIR=/tmp"], descriptors);
        console.Release();
        status.Release();
        input.Release();
        network.Release();
        attachments.Dispose();
        if (vm.DebugSocket is { } socket) Console.WriteLine($"The guest waits for a debugger: gdb {kernel} -ex 'target remote {socket}'");
        return await WatchAsync(guest, network, console, status, manifest is null ? console : input, new GuestTyping(manifest is null ? console : input), manifest is null ? PlainGuest.Grace : Grace, stop);
    }

    // Who runs as a process reads and writes the file itself; in a virtual machine there is a disk in front of it.
    private static DeviceAttachment AsDisk(DeviceAttachment device) => device is { Kind: "block", Driver: "file" } ? device with { Driver = "virtio" } : device;

    private static VmNetwork[] Networks(IReadOnlyList<NetworkAttachment> plan, ReadOnlySpan<int> links)
    {
        var networks = new VmNetwork[plan.Count];
        for (int i = 0; i < networks.Length; i++)
        {
            bool isTap = !plan[i].IsGateway;
            networks[i] = new(GuestProcess.FirstDescriptor + 2 + i, isTap, isTap ? TapInterface.ReadMtu(links[i]) : Gateway.Gateway.DefaultMtu, isTap ? "" : GuestNetwork.GuestMac);
        }

        return networks;
    }

    private static VmSettings Describe(RunSettings settings, string image, string accelerator, VmNetwork[] networks, IReadOnlyList<NetworkAttachment> plan, Attachments attachments, string[] variables, int? input)
    {
        int first = GuestProcess.FirstDescriptor + 2 + networks.Length;
        VmDisk[] disks = [.. settings.Devices.Where(d => d.Path is not null).Select((d, i) => new VmDisk(first + i, d.IsReadOnly))];
        var (dma, heap) = KernelCommandLine.Share(settings.Memory, DiskImage.IsOne(image) ? DiskImage.ImageLength(image) : new FileInfo(image).Length, disks.Length, networks.Length);
        string[] devices = [.. networks.Select((n, i) => string.Create(CultureInfo.InvariantCulture, $"{plan[i].Device}=virtio,uio={i},mtu={n.Mtu}")), .. attachments.Devices];
        return new()
        {
            Image = image,
            Memory = settings.Memory,
            Machine = settings.Machine,
            Accelerator = accelerator,
            Processors = settings.Processors,
            CommandLine = KernelCommandLine.Format(
                [string.Create(CultureInfo.InvariantCulture, $"dma={dma}"), .. settings.IsVerbose ? ["verbose"] : Array.Empty<string>(), .. attachments.HasSecrets ? ["secrets"] : Array.Empty<string>(), .. input is null ? Array.Empty<string>() : ["input=2"]],
                [.. KernelCommandLine.Environment(settings.Memory, heap), "MORGANA_DEVICES=" + string.Join(';', devices), .. attachments.Environment, .. input is null ? Array.Empty<string>() : [string.Create(CultureInfo.InvariantCulture, $"MORGANA_CONSOLE=uio={networks.Length + disks.Length}")], .. variables],
                settings.BootArguments),
            InputDescriptor = input,
            SecretsDescriptor = attachments.HasSecrets ? first + disks.Length : null,
            HasEntropyDevice = !Accelerator.HasRandomNumbers(accelerator),
            ConsoleDescriptor = GuestProcess.FirstDescriptor,
            StatusDescriptor = GuestProcess.FirstDescriptor + 1,
            Networks = networks,
            Disks = disks,
            DebugSocket = settings.IsDebugged ? Path.Combine(Path.GetTempPath(), $"morgana-{Environment.ProcessId}.gdb") : null,
        };
    }

    /// <summary>Shows what the guest says until it ends, or the user ends it.</summary>
    /// <param name="guest">The monitor.</param>
    /// <param name="network">What the guest is joined to.</param>
    /// <param name="console">What it says.</param>
    /// <param name="status">How it says that it has ended.</param>
    /// <param name="input">What it hears.</param>
    /// <param name="typing">The user's input, if the guest takes any.</param>
    /// <param name="grace">How long it has to end when it is asked.</param>
    /// <param name="stop">The user's wish to end it.</param>
    internal static async Task<int> WatchAsync(GuestProcess guest, GuestNetworks network, GuestLine console, GuestLine status, GuestLine input, GuestTyping? typing, TimeSpan grace, StopSignals stop)
    {
        using var said = new MemoryStream();
        Task showing = console.CopyToAsync(Console.OpenStandardOutput(), fault => Console.Error.WriteLine($"morgana: what the guest says cannot be shown: {fault.TrimEnd('.')}")), hearing = status.HearAsync(octets =>
        {
            foreach (byte octet in octets)
            {
                if (octet == '+') typing?.Grant();
                else said.WriteByte(octet);
            }
        });
        typing?.Begin();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        Task announcing = network.AnnounceAsync(port => console.ShowBetweenLines(port.Describe()), ended.Token);
        try
        {
            int monitor = await guest.Exited.WaitAsync(stop.Token);
            // The last lines are on their way still.
            await Task.WhenAll(showing, hearing);
            return GuestStatus(said, monitor);
        }
        catch (OperationCanceledException)
        {
            await StopAsync(guest, input, grace, stop.Insistence);
            // What it said while it ended.
            await Task.WhenAll(showing, hearing);
            return ExitStatus.Done;
        }
        finally
        {
            await ended.CancelAsync();
            await announcing.ContinueWith(_ => { }, TaskScheduler.Default);     // It was cancelled, or the guest has gone.
        }
    }

    // The application is asked to end, as a process would be by SIGTERM; whoever does not is switched off.
    private static async Task StopAsync(GuestProcess guest, GuestLine input, TimeSpan grace, CancellationToken insist)
    {
        input.Write([TerminateKey]);
        try
        {
            await guest.Exited.WaitAsync(grace, insist);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            await guest.StopAsync(insist);
        }
    }

    // What the kernel said last; without a word from it, the monitor itself has failed.
    private static int GuestStatus(MemoryStream said, int monitor)
    {
        string text = System.Text.Encoding.ASCII.GetString(said.ToArray()).Trim();
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int status)) return status & 0xff;
        throw new CommandException(monitor == 0 ? "the virtual machine was reset before its guest had ended" : $"QEMU ended with status {monitor}, and the guest has said nothing of why");
    }
}
