using System.Reflection;
using Morgana.Build.Manifests;
using Morgana.Cli.Arguments;

namespace Morgana.Cli.Running;

/// <summary>Whether what is attached is what the image asks for, before anything starts.</summary>
internal static class ManifestCheck
{
    /// <exception cref="CommandException">It is not.</exception>
    public static void Check(RunSettings settings, Manifest? manifest)
    {
        CheckRepeated(settings);
        if (manifest is null)
        {
            if (settings.Devices.Count(d => d.Mount is null) + settings.Secrets.Count > 0) throw Usage($"{settings.Subject} has no manifest, so it asks for no device or secret: leave out --block, --device and --secret");
            return;
        }

        if (settings.Devices.FirstOrDefault(d => d.Mount is not null) is { } mounted) throw Usage($"{manifest.Name} says itself what is attached to it, in its graph: {mounted.Spelling} is for a program that knows nothing of Morgana; use --block");
        CheckVersion(manifest);
        if (!manifest.Targets.Contains(settings.Target)) throw Usage($"{manifest.Name} does not run on the target {settings.Target}; it runs on {string.Join(", ", manifest.Targets)}");
        foreach (var device in settings.Devices) CheckAttached(device, manifest);
        foreach (var secret in settings.Secrets)
            if (manifest.Secrets.All(s => s.Name != secret.Name)) throw Usage($"{manifest.Name} has no secret '{secret.Name}'; it has {Listing(manifest.Secrets.Select(s => s.Name))}");
        // Help is answered before a device is asked for.
        if (!settings.IsHelpWanted) CheckMissing(settings, manifest);
    }

    /// <summary>What the command line alone says, before anything is built.</summary>
    /// <exception cref="CommandException">A device or a secret stands there twice.</exception>
    public static void CheckRepeated(RunSettings settings)
    {
        var twice = settings.Devices.GroupBy(d => d.Mount ?? d.Name).FirstOrDefault(g => g.Count() > 1)?.Key ?? settings.Secrets.GroupBy(s => s.Name).FirstOrDefault(g => g.Count() > 1)?.Key;
        if (twice is not null) throw Usage($"'{twice}' is attached twice");
    }

    /// <summary>Whether the target has what the mounts need.</summary>
    /// <exception cref="CommandException">It has not.</exception>
    public static void CheckMounts(RunSettings settings)
    {
        foreach (var mount in settings.Devices.Where(d => d.Mount is not null))
        {
            if (settings.Target == "managed") throw Usage($"the target managed has no {mount.Spelling}: a program's files are Linux's there; use --target process");
            if (mount.Holds == "directory" && settings.Target != "process")
                throw Usage($"the target {settings.Target} has no folders of the host: {mount.Spelling} needs --target process; or mount a disk ({mount.Mount}=disk:FILE:64M) or an archive ({mount.Mount}=tar:FILE)");
            if (mount.Holds == "disk" && mount.IsReadOnly) throw Usage($"{mount.Spelling}:ro: a disk's files are mounted for writing; an archive is for reading (tar:FILE)");
        }
    }

    /// <summary>Whether the image can have something mounted, where that is wanted.</summary>
    /// <exception cref="CommandException">It cannot.</exception>
    public static void CheckFiles(RunSettings settings, Manifest? manifest, string image)
    {
        if (manifest is null && settings.Devices.FirstOrDefault(d => d.Mount is not null) is { } mount && !ManifestFile.HasFiles(image))
            throw Usage($"{settings.Subject} was built without files of its own, or without mounting (MorganaFiles, MorganaMounts): leave out {mount.Spelling}");
    }

    /// <summary>The one network at most of a target whose guest finds no more.</summary>
    /// <exception cref="CommandException">There are several.</exception>
    public static IReadOnlyList<NetworkAttachment> OneNetwork(IReadOnlyList<NetworkAttachment> networks, string target) =>
        networks.Count <= 1 ? networks : throw Usage($"the target {target} attaches one network device, and {string.Join(" and ", networks.Select(n => n.Device))} are needed: use the target vm or process");

    private static void CheckVersion(Manifest manifest)
    {
        var own = Assembly.GetExecutingAssembly().GetName().Version!;
        if (manifest.MinimumVersion is not { } minimum) return;
        if (!Version.TryParse(minimum, out var least)) throw new CommandException($"{manifest.Name} needs Morgana '{minimum}', which is no version: MorganaMinimumVersion in its project looks like 1.2.3");
        if (new Version(own.Major, own.Minor, own.Build) < least)
            throw new CommandException($"{manifest.Name} needs Morgana {minimum}, and this is {own.ToString(3)}: update the morgana command");
    }

    private static void CheckAttached(DeviceAttachment device, Manifest manifest)
    {
        string option = device.Kind == "block" ? "--block" : "--device";
        var wanted = manifest.Devices.FirstOrDefault(d => d.Name == device.Name)
            ?? throw Usage($"{manifest.Name} has no device '{device.Name}'; it has {Listing(manifest.Devices.Select(d => $"{d.Name} ({d.Kind})"))}");
        if (wanted.Kind == "network") throw Usage($"{device.Name} is a network device: attach it with --net, not with {option}");
        if (device.Kind is { } kind && kind != wanted.Kind) throw Usage($"{device.Name} is a {wanted.Kind} device, not a {kind} device: attach it with --device {device.Name}=DRIVER[:FILE]");
        if (device.Kind is null && device.Path is not null && wanted.Kind == "block") throw Usage($"{device.Name} is a block device: attach it with --block {device.Name}={device.Path}");
        if (!wanted.Drivers.Contains(device.Driver)) throw Usage($"{manifest.Name} has no driver '{device.Driver}' for {device.Name}; it has {Listing(wanted.Drivers)}");
    }

    private static void CheckMissing(RunSettings settings, Manifest manifest)
    {
        foreach (var device in manifest.Devices.Where(d => d.Kind != "network" && settings.Devices.All(a => a.Name != d.Name)))
        {
            string option = device.Kind == "block" ? $"--block {device.Name}=FILE:SIZE" : $"--device {device.Name}={device.Drivers.FirstOrDefault() ?? "DRIVER"}[:FILE]";
            throw Usage($"{manifest.Name} needs the {device.Kind} device '{device.Name}': add {option}");
        }

        if (manifest.Secrets.FirstOrDefault(s => settings.Secrets.All(a => a.Name != s.Name)) is { } secret)
            throw Usage($"{manifest.Name} needs the secret '{secret.Name}': add --secret {secret.Name}=FILE or --secret {secret.Name}=env:VARIABLE");
        _ = NetworkPlan.Make(settings, manifest);
    }

    private static string Listing(IEnumerable<string> names) => names.ToArray() is { Length: > 0 } all ? string.Join(", ", all) : "none";

    private static CommandException Usage(string message) => new(message, ExitStatus.Usage);
}
