using System.Globalization;
using Morgana.Core;
using Morgana.Devices;
using Morgana.Network;
using Morgana.Sockets;

namespace Morgana.Hosting;

/// <summary>The guest's network: the device that the runner handed over, and a loop with its stack on it.</summary>
public sealed class GuestNetwork : IAsyncDisposable
{
    /// <summary>The boot arguments of the network.</summary>
    public static readonly IReadOnlyList<BootArgument> Arguments =
    [
        new("ipv4", "ADDRESS/PREFIX", "The guest's IPv4 address; behind the gateway 10.0.2.15/24") { Group = "Network" },
        new("ipv4-gateway", "ADDRESS", "The default route; behind the gateway 10.0.2.2") { Group = "Network" },
        new("dns", "ADDRESS[,ADDRESS…]", "Name servers; behind the gateway 10.0.2.3") { Group = "Network" },
    ];

    private readonly IAsyncDisposable? _gateway;

    private GuestNetwork(NetworkLoop loop, string device, IAsyncDisposable? gateway)
    {
        (Loop, _gateway) = (loop, gateway);
        var link = loop.Stack.Interfaces.First(i => i.Name == "net0");
        Address = link.Addresses[0];
        Description = string.Create(CultureInfo.InvariantCulture, $"{link.Name} ({device}, MTU {link.Mtu})");
    }

    /// <summary>The loop. It runs.</summary>
    public NetworkLoop Loop { get; }

    /// <summary>The guest's address on its link.</summary>
    public InterfaceAddress Address { get; }

    /// <summary>The link in a few words, for the log: <c>net0 (tap, MTU 1500)</c>.</summary>
    public string Description { get; }

    /// <summary>Opens what the runner handed over, and starts the stack.</summary>
    /// <param name="arguments">The boot arguments, with <see cref="Arguments"/> declared.</param>
    /// <param name="log">Takes lines for the person who started the program.</param>
    /// <exception cref="BootException">No runner, no network device, or a wrong argument.</exception>
    public static GuestNetwork Open(BootArguments arguments, Action<string> log)
    {
        if (ProgramNetwork.OfSockets is { } opened) return Share(opened, arguments);
        var (device, pool, driver, gateway) = OpenDevice(log);
        try
        {
            var options = Options(arguments, device, pool, isBehindGateway: driver != "tap");
            var loop = new NetworkLoop(options);
            loop.Start();
            ProgramNetwork.Started(loop);
            GuestSandbox.CloseIfAsked();
            return new(loop, driver, gateway);
        }
        catch
        {
            device.Dispose();
            gateway?.DisposeAsync().AsTask().GetAwaiter().GetResult();
            throw;
        }
    }

    /// <summary>Stops the loop, and the gateway if there is one in this process.</summary>
    public async ValueTask DisposeAsync()
    {
        await Loop.DisposeAsync().ConfigureAwait(false);
        if (_gateway is not null) await _gateway.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>The network that .NET's sockets have opened, since they came first: it has the settings that they had.</summary>
    private static GuestNetwork Share(NetworkLoop opened, BootArguments arguments)
    {
        string driver = DeviceSpecification.ParseList(Environment.GetEnvironmentVariable("MORGANA_DEVICES") ?? "")[0].Driver;
        var network = new GuestNetwork(opened, driver, null);
        if (arguments.Find("ipv4") is { } wanted && wanted != network.Address.ToString())
            throw new BootException($"--ipv4={wanted}: a socket of .NET's was made before UseMorgana(), and its network has {network.Address}: make it later, or say --env MORGANA_BOOT=ipv4={wanted}.");
        return network;
    }

    private static (INetworkDevice Device, BufferPool Pool, string Driver, IAsyncDisposable? Gateway) OpenDevice(Action<string> log)
    {
        if (Environment.GetEnvironmentVariable("MORGANA_DEVICES") is { } handedOver)
        {
            var devices = DeviceSpecification.ParseList(handedOver);
            if (devices.Count != 1)
                throw new BootException($"this image needs one network device, and the runner gave {devices.Count}: run it with --net gateway or --net tap:NAME.");
            var (opened, devicePool) = devices[0].Open(GuestMemory.FromEnvironment().Pool);
            return (opened, devicePool, devices[0].Driver, null);
        }

        if (!ManagedTarget.IsSupported || ManagedTarget.StartGateway is not { } start)
            throw new BootException("an image gets its devices from a runner: start it with 'morgana run IMAGE'.");
        var pool = new BufferPool(MemoryRegion.Native(GuestMemory.FromEnvironment().Pool));
        var network = start(new ManagedTargetRequest(pool, "net0", IsFirst: true, log));
        return (network.GuestDevice, pool, "in memory", network.Gateway);
    }

    private static NetworkLoopOptions Options(BootArguments arguments, INetworkDevice device, BufferPool pool, bool isBehindGateway)
    {
        string? address = arguments.Find("ipv4") ?? (isBehindGateway ? "10.0.2.15/24" : null);
        if (address is null) throw new BootException("--ipv4=ADDRESS/PREFIX is needed on a link without our gateway.");
        if (!InterfaceAddress.TryParse(address, out var own)) throw new BootException($"--ipv4={address}: expected ADDRESS/PREFIX, such as 10.0.2.15/24.");
        string? gateway = arguments.Find("ipv4-gateway") ?? (isBehindGateway ? "10.0.2.2" : null);
        Ipv4Address router = default;
        if (gateway is not null && !Ipv4Address.TryParse(gateway, out router)) throw new BootException($"--ipv4-gateway={gateway}: expected an IPv4 address.");
        var capabilities = device.Capabilities;
        return new()
        {
            Attachments =
            [
                new(device, new InterfaceOptions
                {
                    Name = "net0",
                    Mac = capabilities.Mac.Value != 0 ? capabilities.Mac : LocalMac(own.Address),
                    Mtu = capabilities.Mtu,
                    Addresses = [own],
                    Gateway = gateway is null ? null : router,
                }),
            ],
            Pool = pool,
            NameServers = NameServers(arguments.Find("dns") ?? (isBehindGateway ? "10.0.2.3" : "")),
        };
    }

    private static IReadOnlyList<IpEndpoint> NameServers(string text)
    {
        var servers = new List<IpEndpoint>();
        foreach (string server in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            servers.Add(Ipv4Address.TryParse(server, out var address) ? new(address, 53) : throw new BootException($"--dns={text}: '{server}' is no IPv4 address."));
        return servers;
    }

    // Locally administered (IEEE 802 8.4), and another for each address on the link.
    internal static MacAddress LocalMac(Ipv4Address address) => new(0x0200_0000_0000UL | address.Value);
}
