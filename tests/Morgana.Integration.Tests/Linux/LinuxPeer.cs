using System.Diagnostics;
using System.Text;
using Morgana.Core;
using Morgana.Devices;
using Morgana.Devices.Faults;
using Morgana.Drivers.FrameSocket;
using Morgana.Drivers.Tap;
using Morgana.Network;
using Morgana.Sockets;

namespace Morgana.Integration.Tests;

/// <summary>A network namespace with a Linux host in it, joined by a tap to a loop of ours in this process.</summary>
/// <remarks>The tap is made here and moved into the namespace: its descriptor stays ours, its interface is the namespace's. No packet leaves the two.</remarks>
internal sealed class LinuxPeer : IAsyncDisposable
{
    private static int s_count;
    private readonly string _namespace = $"mg{Environment.ProcessId % 100000}n{Interlocked.Increment(ref s_count)}";

    /// <summary>The Linux host's address.</summary>
    public static readonly Ipv4Address LinuxAddress = Ipv4Address.From(10, 77, 0, 1);

    /// <summary>Our stack's address.</summary>
    public static readonly Ipv4Address OurAddress = Ipv4Address.From(10, 77, 0, 2);

    /// <summary>Our stack's hardware address.</summary>
    public static readonly MacAddress OurMac = MacAddress.Parse("02:00:00:00:77:02");

    private Relay? _relay;

    private LinuxPeer(BufferPool pool)
    {
        Pool = pool;
        Linux = new(_namespace);
    }

    public NetworkLoop Loop { get; private set; } = null!;

    public BufferPool Pool { get; }

    /// <summary>The namespace's own sockets.</summary>
    public LinuxSockets Linux { get; }

    /// <summary>The interface in the namespace.</summary>
    public string Interface => "t" + _namespace;

    /// <summary>Makes the namespace and starts our loop.</summary>
    /// <param name="decorate">Wraps the tap: capture, faults.</param>
    /// <param name="poolBytes">The loop's memory.</param>
    /// <param name="stack">The stack's limits.</param>
    /// <param name="mtu">Of both ends.</param>
    /// <param name="line">A bad line between our loop and the tap: to Linux and from it.</param>
    public static async Task<LinuxPeer> StartAsync(
        Func<INetworkDevice, INetworkDevice>? decorate = null, int poolBytes = 32 << 20, NetworkStackOptions? stack = null, int mtu = 1500,
        (FaultModel ToLinux, FaultModel FromLinux)? line = null)
    {
        var peer = new LinuxPeer(new BufferPool(MemoryRegion.Native(poolBytes)));
        string tap = peer.Interface;
        var mac = OurMac;
        await RunAsync("ip", "netns", "add", peer._namespace);
        try
        {
            INetworkDevice device = line is null ? TapDevice.Open(tap, peer.Pool, new TapSettings { Mac = mac, Mtu = mtu }, create: true) : peer.StartRelay(tap, mtu, line.Value);
            await RunAsync("ip", "link", "set", tap, "netns", peer._namespace);
            await peer.InAsync("ip", "link", "set", tap, "mtu", $"{mtu}");
            await peer.InAsync("sysctl", "-q", "-w", "net.ipv6.conf.all.disable_ipv6=1");
            await peer.InAsync("ip", "addr", "add", $"{LinuxAddress}/24", "dev", tap);
            await peer.InAsync("ip", "link", "set", "lo", "up");
            await peer.InAsync("ip", "link", "set", tap, "up");
            if (decorate is not null) device = decorate(device);
            peer.Loop = new NetworkLoop(new NetworkLoopOptions
            {
                Attachments = [new(device, new InterfaceOptions { Mac = mac, Mtu = mtu, Addresses = [new(OurAddress, 24)], Gateway = LinuxAddress })],
                Pool = peer.Pool,
                Stack = stack ?? new(),
                Name = "linux-peer",
            });
            peer.Loop.Start();
            return peer;
        }
        catch
        {
            await peer.DisposeAsync();
            throw;
        }
    }

    // Our loop has one end of a frame socket; the relay has the other and the tap, with a thread and a pool of its own.
    private INetworkDevice StartRelay(string tap, int mtu, (FaultModel ToLinux, FaultModel FromLinux) line)
    {
        var pool = new BufferPool(MemoryRegion.Native(32 << 20));
        var settings = new FrameSocketSettings { Mac = OurMac, Mtu = mtu };
        var (ours, relays) = FrameSocketDevice.CreatePair(Pool, pool, settings, settings);
        _relay = new Relay(relays, TapDevice.Open(tap, pool, new TapSettings { Mac = OurMac, Mtu = mtu }, create: true), pool, line.ToLinux, line.FromLinux);
        _relay.Start();
        return ours;
    }

    /// <summary>Sets Linux's end of the wire down, or up again.</summary>
    public Task SetLinkAsync(bool up) => InAsync("ip", "link", "set", Interface, up ? "up" : "down");

    /// <summary>Runs a program in the namespace and answers what it printed; a status other than 0 fails the test.</summary>
    public Task<string> InAsync(params string[] command) => RunAsync(["ip", "netns", "exec", _namespace, .. command]);

    /// <summary>Runs a program in the namespace, whatever its status.</summary>
    public Task<(int Status, string Output)> TryInAsync(params string[] command) => TryRunAsync(["ip", "netns", "exec", _namespace, .. command]);

    public async ValueTask DisposeAsync()
    {
        if (Loop is not null) await Loop.DisposeAsync();
        _relay?.Dispose();
        await TryRunAsync(["ip", "netns", "delete", _namespace]);
        if (Loop is not null) Assert.Null(Loop.Failure);
    }

    private static async Task<string> RunAsync(params string[] command)
    {
        var (status, output) = await TryRunAsync(command);
        Assert.True(status == 0, $"'{string.Join(' ', command)}' ended with {status}:\n{output}");
        return output;
    }

    public static async Task<(int Status, string Output)> TryRunAsync(string[] command)
    {
        var start = new ProcessStartInfo(Requirements.Find(command[0]) ?? command[0]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (string argument in command.Skip(1)) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = new StringBuilder();
        process.OutputDataReceived += (_, e) => { lock (output) output.AppendLine(e.Data); };
        process.ErrorDataReceived += (_, e) => { lock (output) output.AppendLine(e.Data); };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            lock (output) output.AppendLine("(stopped after 120 s)");
        }

        lock (output) return (process.ExitCode, output.ToString());
    }
}
