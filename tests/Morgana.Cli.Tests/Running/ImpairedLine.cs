using System.Net.Sockets;
using Morgana.Core;
using Morgana.Devices.Faults;
using Morgana.Drivers.PacketSocket;
using Morgana.Drivers.Tap;
using Morgana.Integration.Tests;

namespace Morgana.Cli.Tests.Running;

/// <summary>Two network namespaces with a line between them that loses, delays, doubles and reorders frames: a guest on a tap in one, Linux's services in the other.</summary>
/// <remarks>The guest's end is a tap that the command opens by its name, so the relay takes its frames from a packet socket on it.
/// No packet leaves the two namespaces.</remarks>
internal sealed class ImpairedLine : IAsyncDisposable
{
    /// <summary>Linux's address on the line.</summary>
    public const string LinuxAddress = "10.77.0.1";

    /// <summary>The guest's.</summary>
    public const string GuestAddress = "10.77.0.2";

    /// <summary>No worse than what programs have to live with.</summary>
    public static readonly FaultProfile Bad = new()
    {
        Delay = TimeSpan.FromMilliseconds(20),
        Loss = 0.01,
        Duplication = 0.01,
        Reordering = 0.02,
        ReorderDelay = TimeSpan.FromMilliseconds(5),
    };

    /// <summary>Of every two hundred segments ten are lost, six come twice and ten late.</summary>
    public static readonly FaultProfile Worse = new()
    {
        Delay = TimeSpan.FromMilliseconds(30),
        Loss = 0.05,
        Duplication = 0.03,
        Reordering = 0.05,
        ReorderDelay = TimeSpan.FromMilliseconds(10),
    };

    private static readonly MacAddress s_unused = MacAddress.Parse("02:00:00:00:77:01");
    private readonly string _guests = $"mgg{Environment.ProcessId % 100000}", _linux = $"mgl{Environment.ProcessId % 100000}";
    private readonly FaultModel _toLinux, _toGuest;
    private Relay? _relay;

    private ImpairedLine(FaultProfile profile, ulong seed) => (_toLinux, _toGuest) = (new(profile, seed), new(profile, seed + 1));

    /// <summary>Put before a program that is to serve on the line.</summary>
    public IReadOnlyList<string> Prefix => ["ip", "netns", "exec", _linux];

    /// <summary>Put before the command that runs the guest.</summary>
    public IReadOnlyList<string> GuestPrefix => ["ip", "netns", "exec", _guests];

    /// <summary>What puts a guest on the line that does not know Morgana.</summary>
    public static IReadOnlyList<string> GuestOptions => ["--net", "tap:tap0", "--boot", $"ipv4={GuestAddress}/24", "--boot", $"ipv4-gateway={LinuxAddress}"];

    public static async Task<ImpairedLine> StartAsync(FaultProfile profile, ulong seed)
    {
        var line = new ImpairedLine(profile, seed);
        try
        {
            await line.MakeAsync();
            return line;
        }
        catch
        {
            await line.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes a socket in Linux's namespace: there it stays.</summary>
    public Socket In(Func<Socket> make) => NetworkNamespace.In(_linux, make);

    /// <summary>Each kind of fault has befallen some frame, in either direction.</summary>
    public void AssertWasBad()
    {
        foreach (var model in new[] { _toLinux, _toGuest })
        {
            var p = model.Profile;
            Assert.True((model.Lost > 0) == (p.Loss > 0) && (model.Duplicated > 0) == (p.Duplication > 0) && (model.Reordered > 0) == (p.Reordering > 0),
                $"lost {model.Lost}, doubled {model.Duplicated}, held back {model.Reordered}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _relay?.Dispose();
        foreach (string name in new[] { _guests, _linux })
            await MorganaCommand.RunAsync(new CommandSettings { Program = "ip", Arguments = ["netns", "delete", name] });
    }

    private async Task MakeAsync()
    {
        foreach (string name in new[] { _guests, _linux })
        {
            await RunAsync([], "ip", "netns", "add", name);
            await RunAsync(["ip", "netns", "exec", name], "sysctl", "-q", "-w", "net.ipv6.conf.all.disable_ipv6=1");
            await RunAsync(["ip", "netns", "exec", name], "ip", "link", "set", "lo", "up");
        }

        // Made to stay, since the relay's socket needs it before the guest is there. Nobody else speaks there.
        await RunAsync(GuestPrefix, "ip", "tuntap", "add", "tap0", "mode", "tap");
        await RunAsync(GuestPrefix, "ip", "link", "set", "tap0", "up");
        var pool = new BufferPool(MemoryRegion.Native(32 << 20));
        var guest = NetworkNamespace.In(_guests, () => PacketSocketDevice.Open("tap0", pool));
        var linux = NetworkNamespace.In(_linux, () => TapDevice.Open("tap1", pool, new TapSettings { Mac = s_unused }, create: true));
        _relay = new Relay(guest, linux, pool, _toLinux, _toGuest);
        await RunAsync(Prefix, "ip", "addr", "add", LinuxAddress + "/24", "dev", "tap1");
        await RunAsync(Prefix, "ip", "link", "set", "tap1", "up");
        _relay.Start();
    }

    private static async Task RunAsync(IReadOnlyList<string> prefix, string program, params string[] arguments)
    {
        var (status, output, error) = await MorganaCommand.RunAsync(new CommandSettings { Program = program, Arguments = arguments, Prefix = prefix });
        Assert.True(status == 0, output + error);
    }
}
