using Morgana.Build;
using Morgana.Build.Manifests;
using Morgana.Cli.Arguments;
using Morgana.Cli.Terminal;

namespace Morgana.Cli.Running;

/// <summary>The process target: the image as a Linux process, which gets its network as a descriptor.</summary>
internal static class ProcessTarget
{
    /// <summary>Runs the guest until it ends or the user stops it.</summary>
    /// <returns>The guest's own exit status; 0 if the user stopped it.</returns>
    public static Task<int> RunAsync(RunSettings settings) => RunAsync(settings, isConfined: false);

    /// <summary>The same, with the guest in landlock and seccomp: the sandbox target.</summary>
    /// <returns>The guest's own exit status; 0 if the user stopped it.</returns>
    public static Task<int> RunConfinedAsync(RunSettings settings) => RunAsync(settings, isConfined: true);

    private static async Task<int> RunAsync(RunSettings settings, bool isConfined)
    {
        using var stop = new StopSignals();
        string image = await FindImageAsync(settings.Subject, stop.Token);
        var manifest = ManifestFile.Read(image);
        ManifestCheck.CheckFiles(settings, manifest, image);
        var plan = NetworkPlan.Make(settings, manifest);
        using var attachments = Attachments.Open(settings, manifest, "fd", GuestProcess.FirstDescriptor + plan.Count);
        await using var network = await GuestNetworks.OpenAsync(plan);
        int[] descriptors = [.. network.Descriptors, .. attachments.Descriptors];
        string devices = string.Join(';', [.. network.Devices, .. attachments.Devices]);
        using var confinement = isConfined ? Confinement.Prepare(image, GuestProcess.FirstDescriptor + descriptors.Length) : null;
        if (confinement is not null) descriptors = [.. descriptors, confinement.Descriptor];
        // A confined guest could not open a terminal, and a unikernel has a console of its own kind.
        using var console = GuestConsole.Open(isPossible: !isConfined && manifest is null);
        string[] environment =
        [
            .. console.Environment.Where(v => !settings.Environment.Any(s => s.StartsWith(v[..(v.IndexOf('=', StringComparison.Ordinal) + 1)], StringComparison.Ordinal))),
            .. new GuestMemory(settings.Memory).Environment, "MORGANA_DEVICES=" + devices, .. attachments.Environment, .. confinement?.Environment ?? [],
            .. confinement is not null && manifest is null ? [PlainGuest.SealAtStart] : Array.Empty<string>(),
            .. PlainGuest.Environment(settings, manifest, hasNetwork: plan.Count > 0, Path.Combine(Path.GetDirectoryName(image)!, "publish")),
        ];
        using var limit = settings.IsMemoryExplicit ? MemoryLimit.TryCreate(settings.Memory) : null;
        var guest = GuestProcess.Start(image, settings.BootArguments, environment, descriptors, limit, confinement?.Rules, console);
        console.Begin();
        network.Release();
        attachments.Dispose();
        int status = await WatchAsync(guest, network, confinement, manifest is null ? PlainGuest.Grace : GuestProcess.Grace, stop);
        await console.EndAsync();
        // As everywhere, what the user ends with Ctrl-C has done what it should.
        if (console.Terminal is not null && guest.EndedBy == Libc.Interrupt) return ExitStatus.Done;
        if (limit is { WasExceeded: true }) Console.Error.WriteLine($"morgana: the guest needed more than its {settings.Memory >> 20} MB; give it more with --memory");
        else if (guest.EndedBy is > 0 and var signal && status == 128 + signal) Console.Error.WriteLine($"morgana: the guest was ended by signal {signal}");
        return status;
    }

    private static async Task<int> WatchAsync(GuestProcess guest, GuestNetworks network, Confinement? confinement, TimeSpan grace, StopSignals stop)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        Task announcing = Task.CompletedTask;
        try
        {
            if (confinement is not null) await confinement.WaitUntilSealedAsync(guest).WaitAsync(stop.Token);
            announcing = network.AnnounceAsync(port => Console.WriteLine(port.Describe()), ended.Token);
            return await guest.Exited.WaitAsync(stop.Token);
        }
        catch (OperationCanceledException)
        {
            await guest.StopAsync(stop.Insistence, grace);
            return ExitStatus.Done;
        }
        catch (CommandException)
        {
            await guest.StopAsync(stop.Insistence);
            throw;
        }
        finally
        {
            await ended.CancelAsync();
            await announcing.ContinueWith(_ => { }, TaskScheduler.Default);     // It was cancelled, or the guest has gone.
        }
    }

    private static async Task<string> FindImageAsync(string subject, CancellationToken stop)
    {
        bool isImage = File.Exists(subject) && !ProjectFile.IsNamedLikeOne(subject);
        if (isImage) return ElfFile.FindFault(subject) is { } fault ? throw new CommandException(fault) : Path.GetFullPath(subject);
        if (!File.Exists(subject) && !Directory.Exists(subject)) throw new CommandException($"{subject}: no such project or image");
        using var log = new ConsoleBuildLog();
        return (await new Builder(BuildKind.Image, log).BuildAsync(ProjectFile.Locate(subject), stop)).Path;
    }
}
