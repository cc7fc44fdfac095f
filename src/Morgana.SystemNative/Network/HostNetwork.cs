using Morgana.Composition;
using Morgana.Core;
using Morgana.Devices;
using Morgana.Hosting;
using Morgana.Network;
using Morgana.Sockets;
using BootException = Morgana.Composition.BootException;

namespace Morgana.SystemNative;

/// <summary>The network under the program's sockets: started with the first of them, from what the runner handed over.</summary>
/// <remarks>
/// A unikernel that is composed, or calls <c>UseMorgana</c>, has a network already, and it is that one. Otherwise
/// <c>MORGANA_DEVICES</c> names the device <c>net0</c>; without one among them there is loopback alone. What other images take as boot
/// arguments comes in <c>MORGANA_BOOT</c>, since the command line is the program's own: <c>ipv4=10.0.2.15/24;ipv4-gateway=10.0.2.2;dns=10.0.2.3</c>.
/// </remarks>
internal static class HostNetwork
{
    private const string BootVariable = "MORGANA_BOOT";
    private const string NameVariable = "MORGANA_HOSTNAME";
    private const string PortsVariable = "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT";
    private const int UsageStatus = 64;
    private static readonly Lock s_gate = new();
    private static volatile NetworkLoop? s_loop;

    /// <summary>The loop that drives the stack; it runs.</summary>
    public static NetworkLoop Loop => s_loop ?? Start();

    /// <summary>Whether the loop waits for a device, rather than for this program's own calls alone.</summary>
    public static bool HasDevice { get; private set; }

    /// <summary>What the host calls itself.</summary>
    public static string Name => Environment.GetEnvironmentVariable(NameVariable) is { Length: > 0 } name ? name : "morgana";

    /// <summary>Takes a loop that somebody else has started, before the first socket.</summary>
    /// <exception cref="InvalidOperationException">There is one.</exception>
    public static void Use(NetworkLoop loop)
    {
        lock (s_gate)
        {
            if (s_loop is not null) throw new InvalidOperationException("The program's sockets have a network already.");
            Watch(loop);
            s_loop = loop;
        }
    }

    /// <summary>The name servers that it has, or will have once it is started.</summary>
    public static IReadOnlyList<Ipv4Address> NameServers()
    {
        try
        {
            if (BootSettings.Parse(Environment.GetEnvironmentVariable(BootVariable) ?? "").NameServers is { } given) return given;
            var device = DeviceHandle.ParseList(Environment.GetEnvironmentVariable(DeviceHandle.Variable) ?? "").FirstOrDefault(d => d.Name == "net0");
            // The gateway's own.
            return device is null or { Driver: "tap" } ? [] : [Ipv4Address.From(10, 0, 2, 3)];
        }
        catch (BootException)
        {
            // Whoever starts the network tells of it.
            return [];
        }
    }

    private static NetworkLoop Start()
    {
        lock (s_gate)
        {
            if (s_loop is { } started) return started;
            try
            {
                // .NET asks with its first asynchronous call, which comes after the first socket. With completions on the ports' threads
                // it would make a port for each processor; but sockets of one stack are served fastest by one.
                if (Environment.GetEnvironmentVariable(PortsVariable) is null) Environment.SetEnvironmentVariable(PortsVariable, "1");
                var loop = Open();
                Watch(loop);
                s_loop = loop;
                // Where the runner locks it in, a program is sealed from its first socket on.
                GuestSandbox.CloseIfAsked();
                return loop;
            }
            catch (BootException e)
            {
                // Nobody could do anything about it, and a program without its network would only fail later, in its own words.
                Console.Error.WriteLine($"morgana: {e.Message}");
                Environment.Exit(UsageStatus);
                throw;
            }
        }
    }

    private static NetworkLoop Open()
    {
        // A unikernel with a network of its own: both ways are one host.
        if (ProgramNetwork.Current is { } composed) return composed;
        if (Environment.GetEnvironmentVariable(DeviceHandle.Variable) is not { } text)
            throw new BootException("an image gets its devices from a runner: start it with 'morgana run IMAGE'.");
        var boot = BootSettings.Parse(Environment.GetEnvironmentVariable(BootVariable) ?? "");
        if (DeviceHandle.ParseList(text).FirstOrDefault(d => d.Name == "net0") is not { } device) return OpenLoopback();
        var port = device.Driver switch
        {
            "frame-socket" => NetworkParts.FrameSocket(device),
            "tap" => NetworkParts.Tap(device),
            "packet-socket" => NetworkParts.PacketSocket(device),
            "virtio" => NetworkParts.Virtio(device),
            _ => throw new BootException($"{DeviceHandle.Variable}: net0 wants the driver '{device.Driver}', and this image has frame-socket, tap, packet-socket and virtio."),
        };
        HasDevice = true;
        var loop = (NetworkLoop)NetworkParts.Direct(port, boot.Address, boot.Gateway, boot.NameServers);
        ProgramNetwork.StartedBySockets(loop);
        return loop;
    }

    /// <summary>A host that nobody else can reach.</summary>
    internal static NetworkLoop OpenLoopback()
    {
        var pool = new BufferPool(MemoryRegion.Native(GuestMemory.FromEnvironment().Pool));
        // A link whose other end is never plugged in.
        var (device, _) = MemoryLink.Create(pool, pool);
        var loop = new NetworkLoop(new()
        {
            Attachments = [new(device, new InterfaceOptions { Name = "none", Mac = new(0x0200_0000_0001UL), Mtu = device.Capabilities.Mtu, Addresses = [] })],
            Pool = pool,
        });
        loop.Start();
        return loop;
    }

    // Whoever waits in a socket must hear that nothing will come any more.
    private static void Watch(NetworkLoop loop) => loop.Completion.ContinueWith(
        static _ =>
        {
            foreach (var descriptor in Descriptors.All()) (descriptor as OwnSocket)?.HandleNetworkDown();
        },
        CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
}
