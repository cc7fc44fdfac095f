using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Morgana.Protocols.Tests.Tcp;

/// <summary>What the wire between two hosts does to segments, each as a probability.</summary>
internal sealed record Faults(double Loss = 0, double Duplication = 0, double Reordering = 0, double Corruption = 0);

/// <summary>Two TCP stacks wired back to back on virtual time. Seeded; every step is checked.</summary>
internal sealed class TwoHosts
{
    public readonly IpAddress AddressA = Ipv4Address.From(10, 0, 0, 1), AddressB = Ipv4Address.From(10, 0, 0, 2);
    public readonly BufferPool Pool;
    public readonly TcpStack A, B;
    public readonly DropCounters DropsA = new(), DropsB = new();
    public Instant Now = Instant.FromOrigin(TimeSpan.FromSeconds(1));
    public Faults Faults = new();
    public TimeSpan Latency = TimeSpan.FromMilliseconds(5);
    public Action? AfterStep;

    /// <summary>What must hold is checked after every step and for every segment. It allocates.</summary>
    public Checker? Checker;
    public long Carried;
    private readonly Random _random;
    private readonly PriorityQueue<(PacketBuffer Packet, IpAddress From, IpAddress To), (long, long)> _wire = new();
    private readonly int _mtu;
    private long _order;

    public TwoHosts(int seed = 1, TcpStackOptions? options = null, int mtu = 1500, int memory = 16 << 20, bool isIpv6 = false)
    {
        _random = new(seed);
        _mtu = mtu;
        if (isIpv6) (AddressA, AddressB) = (new Ipv6Address(0xFD00UL << 48, 1), new Ipv6Address(0xFD00UL << 48, 2));
        Checker = new($"seed {seed}");
        Pool = new(MemoryRegion.Native(memory));
        byte[] secret = new byte[16];
        _random.NextBytes(secret);
        A = new(options ?? new(), Pool, secret, DropsA, new());
        _random.NextBytes(secret);
        B = new(options ?? new(), Pool, secret, DropsB, new());
    }

    public TcpListenSocket Listen(ushort port = 80, TcpListenOptions? options = null)
    {
        Assert.Equal(TcpListenError.None, B.TryListen(new(AddressB, port), options ?? new(), out var listener));
        return listener!;
    }

    public TcpControlBlock Connect(ushort port = 80, TcpConnectionOptions? options = null)
    {
        Assert.Equal(TcpConnectError.None, A.TryConnect(new(AddressA, 0), new(AddressB, port), _mtu, options ?? TcpConnectionOptions.Default, Now, out var tcb));
        return tcb!;
    }

    public (TcpControlBlock Client, TcpControlBlock Server) Establish(TcpConnectionOptions? options = null)
    {
        var listener = Listen(80, new() { Connection = options ?? TcpConnectionOptions.Default });
        var client = Connect(80, options);
        TcpControlBlock? server = null;
        Assert.True(RunUntil(() => listener.TryAccept(out server) && client.State == TcpState.Established));
        client.TakeEvents();
        server!.TakeEvents();
        return (client, server);
    }

    /// <summary>Sends what there is to send, then moves to the next thing that happens.</summary>
    public bool Step()
    {
        bool sent = Drain(A) | Drain(B);
        Checker?.AfterDrain(A, B, Now);
        AfterStep?.Invoke();
        var next = Instant.Min(A.NextTimeout, B.NextTimeout);
        if (_wire.TryPeek(out _, out var first) && first.Item1 <= next.Nanoseconds)
        {
            Now = new(Math.Max(Now.Nanoseconds, first.Item1));
            var (packet, from, to) = _wire.Dequeue();
            (to == AddressB ? B : A).HandleSegment(from, to, _mtu, packet, Now);
            return true;
        }

        if (next == Instant.Never)
        {
            if (!sent && !A.HasOutput && !B.HasOutput) Checker?.AtRest(A, B);
            return sent;
        }

        Now = Instant.Max(Now, next);
        A.HandleTimeouts(Now);
        B.HandleTimeouts(Now);
        Checker?.AfterTimeouts(A, B, Now);
        return true;
    }

    public bool RunUntil(Func<bool> done, int steps = 2_000_000)
    {
        for (int i = 0; i < steps; i++)
        {
            if (done()) return true;
            if (!Step() && !done()) return false;
        }

        return false;
    }

    /// <summary>Runs for a time, or until nothing is left to happen.</summary>
    public void Run(TimeSpan time)
    {
        var end = Now + time;
        while (true)
        {
            Drain(A);
            Drain(B);
            var next = Instant.Min(A.NextTimeout, B.NextTimeout);
            if (_wire.TryPeek(out _, out var first)) next = Instant.Min(next, new(first.Item1));
            if (next > end) break;
            Step();
        }

        Now = end;
    }

    public bool IsQuiet => _wire.Count == 0 && !A.HasOutput && !B.HasOutput;

    private bool Drain(TcpStack stack)
    {
        bool any = false;
        while (stack.HasOutput && Pool.TryRentPacket(PacketBuffer.Headroom, out var packet))
        {
            if (!stack.TryTransmit(packet, Now, out var from, out var to))
            {
                packet.Release();
                break;
            }

            any = true;
            Checker?.Sent(stack, packet, from, to);
            Carry(packet, from, to);
        }

        return any;
    }

    private void Carry(PacketBuffer packet, IpAddress from, IpAddress to)
    {
        Carried++;
        if (_random.NextDouble() < Faults.Duplication && Pool.TryRentPacket(PacketBuffer.Headroom, out var copy))
        {
            if (packet.IsContiguous && copy.TryAppend(packet.Span)) Put(copy, from, to);
            else copy.Release();
        }

        if (_random.NextDouble() < Faults.Loss)
        {
            packet.Release();
            return;
        }

        if (_random.NextDouble() < Faults.Corruption) packet.Span[_random.Next(packet.Span.Length)] ^= (byte)(1 << _random.Next(8));
        Put(packet, from, to);
    }

    private void Put(PacketBuffer packet, IpAddress from, IpAddress to)
    {
        var at = Now + Latency;
        if (_random.NextDouble() < Faults.Reordering) at += TimeSpan.FromMilliseconds(_random.Next(1, 20));
        _wire.Enqueue((packet, from, to), (at.Nanoseconds, _order++));
    }
}
