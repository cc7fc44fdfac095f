using Morgana.Build.Manifests;
using Morgana.Cli.Arguments;
using Morgana.Gateway;

namespace Morgana.Cli.Running;

/// <summary>One of the guest's network devices: what it is joined to, and what belongs to that.</summary>
/// <param name="Device">What the guest calls it.</param>
/// <param name="Choice">What it is joined to.</param>
internal sealed record NetworkAttachment(string Device, NetworkChoice Choice)
{
    public bool IsGateway => Choice.Kind == NetworkKind.Gateway;

    /// <summary>The ports that its gateway publishes.</summary>
    public IReadOnlyList<PublishedPort> Publish { get; init; } = [];

    /// <summary>Whether they were named, rather than the default taken.</summary>
    public bool IsPublishExplicit { get; init; }

    /// <summary>Where its gateway writes every frame, or null.</summary>
    public string? Capture { get; init; }

    public bool AllowHost { get; init; }
}

/// <summary>Which of the guest's network devices is joined to what: the command line, against the manifest.</summary>
internal static class NetworkPlan
{
    /// <summary>What an image calls its network that has no manifest.</summary>
    public const string DefaultDevice = "net0";

    /// <summary>One attachment for each network device of the image, in its order; none if it has none, or help alone is wanted.</summary>
    /// <exception cref="CommandException">The command line does not fit the image.</exception>
    public static IReadOnlyList<NetworkAttachment> Make(RunSettings settings, Manifest? manifest)
    {
        // What a program that knows nothing of us calls help is its own business.
        if (settings.IsHelpWanted && manifest is not null) return [];
        string name = manifest?.Name ?? settings.Subject;
        string[] devices = manifest is null ? [DefaultDevice] : [.. manifest.Devices.Where(d => d.Kind == "network").Select(d => d.Name)];
        if (devices.Length == 0) return settings.IsNetworkExplicit && settings.Networks is not [{ Kind: NetworkKind.None }] ? throw Usage($"{name} has no network device: leave out --net and --publish") : [];
        foreach (var choice in settings.Networks) CheckNamed(choice, devices, name);
        NetworkAttachment[] all = [.. devices.Select(d => new NetworkAttachment(d, Choose(settings, d, devices, name)))];
        // Who has no manifest does not say whether there is a network.
        if (all.FirstOrDefault(a => a.Choice.Kind == NetworkKind.None) is { } none) return manifest is null ? [] : throw Usage($"{name} needs the network device '{none.Device}': leave out --net {none.Choice}");
        return HandOut(settings, all);
    }

    private static void CheckNamed(NetworkChoice choice, string[] devices, string name)
    {
        if (choice.Device is { } device && !devices.Contains(device)) throw Usage($"{name} has no network device '{device}'; it has {string.Join(", ", devices)}");
        if (choice.Device is null && devices.Length > 1) throw Usage($"{name} has the network devices {string.Join(" and ", devices)}: say which, as in --net {devices[0]}={choice}");
    }

    private static NetworkChoice Choose(RunSettings settings, string device, string[] devices, string name)
    {
        NetworkChoice[] fitting = [.. settings.Networks.Where(c => c.Device is null || c.Device == device)];
        if (fitting.Length > 1) throw Usage($"'{device}' is attached twice");
        if (fitting.Length == 0 && devices.Length > 1) throw Usage($"{name} needs the network device '{device}': add --net {device}=gateway or --net {device}=tap:NAME");
        return fitting.FirstOrDefault() ?? new(NetworkKind.Gateway);
    }

    // Ports and captures are a gateway's; with several of them each says whose.
    private static NetworkAttachment[] HandOut(RunSettings settings, NetworkAttachment[] all)
    {
        string[] gateways = [.. all.Where(a => a.IsGateway).Select(a => a.Device)];
        foreach (var port in settings.Publish.Where(_ => settings.IsPublishExplicit)) CheckPublished(port, gateways);
        string? capture = settings.Capture, captured = gateways.FirstOrDefault(g => capture?.StartsWith(g + "=", StringComparison.Ordinal) == true);
        if (captured is not null) capture = capture![(captured.Length + 1)..];
        else if (gateways.Length > 1 && capture is not null) throw Usage($"--capture {capture}: {string.Join(" and ", gateways)} have a gateway each: say which, as in --capture {gateways[0]}={capture}");
        return
        [
            .. all.Select(a => !a.IsGateway ? a : a with
            {
                // Two gateways cannot both have the default port.
                Publish = [.. settings.Publish.Where(p => p.Network is null ? gateways.Length == 1 : p.Network == a.Device)],
                IsPublishExplicit = settings.IsPublishExplicit,
                Capture = captured is null || captured == a.Device ? capture : null,
                AllowHost = settings.AllowHost,
            }),
        ];
    }

    private static void CheckPublished(PublishedPort port, string[] gateways)
    {
        if (port.Network is { } network && !gateways.Contains(network)) throw Usage($"--publish {port}: '{network}' is no network with a gateway");
        if (port.Network is null && gateways.Length > 1)
            throw Usage($"--publish {port.Host.Port}:{port.GuestPort}: {string.Join(" and ", gateways)} have a gateway each: say which, as in --publish {gateways[0]}={port.Host.Port}:{port.GuestPort}");
    }

    private static CommandException Usage(string message) => new(message, ExitStatus.Usage);
}
