using System.Diagnostics;
using Morgana.Core;
using Morgana.Network;
using Morgana.Protocols.Tcp;

namespace Morgana.Bench;

/// <summary>One of the two hosts.</summary>
internal sealed class Host(NetworkStack stack, NetworkInterface link, Ipv4Address address)
{
    public NetworkStack Stack => stack;

    public NetworkInterface Link => link;

    public Ipv4Address Address => address;

    /// <summary>Frames that were sent.</summary>
    public long FramesSent { get; set; }
}

/// <summary>Two whole stacks on one thread with one pool, and between them a link that hands frames over at once.</summary>
internal class TwoHosts
{
    // Always the same, so that runs can be compared.
    public static byte[] Secret { get; } = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    private readonly PacketBuffer[] _frames = new PacketBuffer[64];
    private readonly long _origin = Stopwatch.GetTimestamp();
    private readonly int _mtu;
    private long _skipped;

    public TwoHosts(int mtu = 1500, int poolOctets = 64 << 20, TcpStackOptions? tcp = null)
    {
        _mtu = mtu;
        Pool = new BufferPool(MemoryRegion.Native(poolOctets));
        Client = Add(1, tcp);
        Server = Add(2, tcp);
    }

    public BufferPool Pool { get; }

    public Host Client { get; }

    public Host Server { get; }

    /// <summary>The clock, and what was skipped of it.</summary>
    public virtual Instant Now() => new((long)(Stopwatch.GetElapsedTime(_origin).Ticks * 100) + _skipped);

    /// <summary>Moves what both have to send to the other side, and runs timers that are due. Returns whether anything moved.</summary>
    public bool Step(Instant now)
    {
        bool moved = Carry(Client, now);
        moved |= Carry(Server, now);
        if (Client.Stack.NextTimeout <= now) Client.Stack.HandleTimeouts(now);
        if (Server.Stack.NextTimeout <= now) Server.Stack.HandleTimeouts(now);
        return moved;
    }

    /// <summary>Nothing moves: instead of waiting for the next timer, the clock goes on to it. The time counts, the wait is saved.</summary>
    public virtual void SkipToNextTimeout()
    {
        var now = Now();
        var next = Instant.Min(Client.Stack.NextTimeout, Server.Stack.NextTimeout);
        if (next == Instant.Never) throw new InvalidOperationException("Nothing moves and no timer runs: the transfer hangs.");
        if (next > now) _skipped += next.Nanoseconds - now.Nanoseconds;
    }

    /// <summary>A connection that is open on both sides.</summary>
    public (TcpControlBlock Client, TcpControlBlock Server) Connect(TcpListenSocket listener, TcpConnectionOptions options)
    {
        var client = BeginConnect(listener.Local.Port, options);
        for (int i = 0; i < 1000; i++)
        {
            var now = Now();
            if (!Step(now)) SkipToNextTimeout();
            Drain(Client);
            if (listener.TryAccept(out var server)) return (client, server!);
        }

        throw new InvalidOperationException("The connection was not opened.");
    }

    public TcpControlBlock BeginConnect(ushort port, TcpConnectionOptions options)
    {
        var error = Client.Stack.Tcp.TryConnect(new IpEndpoint(Client.Address, 0), new IpEndpoint(Server.Address, port), _mtu, options, Now(), out var client);
        if (error != TcpConnectError.None) throw new InvalidOperationException($"No connection: {error}.");
        return client!;
    }

    public TcpListenSocket Listen(ushort port, TcpConnectionOptions options, int backlog = 1024)
    {
        var error = Server.Stack.Tcp.TryListen(new IpEndpoint(Server.Address, port), new TcpListenOptions { Connection = options, Backlog = backlog, SynBacklog = backlog }, out var listener);
        return error == TcpListenError.None ? listener! : throw new InvalidOperationException($"No listener: {error}.");
    }

    /// <summary>Takes the events, for benchmarks that look at the connections themselves.</summary>
    public static void Drain(Host host)
    {
        while (host.Stack.Tcp.TryTakeReadyListener(out _))
        {
        }

        while (host.Stack.Tcp.TryTakeReady(out var tcb)) tcb!.TakeEvents();
    }

    private Host Add(byte number, TcpStackOptions? tcp)
    {
        var stack = new NetworkStack(new NetworkStackOptions { Tcp = tcp ?? new() }, Pool, Secret, new TraceRing());
        var address = Ipv4Address.From(10, 0, 0, number);
        var link = stack.AddInterface(new InterfaceOptions { Name = "link", Mac = new MacAddress(0x0200_0000_0000UL + number), Mtu = _mtu, Addresses = [new(address, 24)] }, Now());
        return new Host(stack, link, address);
    }

    /// <summary>What the link does with frames that <paramref name="from"/> has sent.</summary>
    protected virtual void Deliver(Host from, Span<PacketBuffer> frames, Instant now)
    {
        var to = from == Client ? Server : Client;
        foreach (var frame in frames) to.Stack.HandleFrame(to.Link, frame, now);
    }

    private bool Carry(Host from, Instant now)
    {
        int count = from.Stack.Transmit(from.Link, _frames, now);
        from.FramesSent += count;
        if (count > 0) Deliver(from, _frames.AsSpan(0, count), now);
        return count > 0;
    }
}
