using Morgana.Core;
using Morgana.Protocols.Tcp;
using Morgana.Wire.Tcp;
using static Morgana.Wire.Tcp.TcpFlags;

namespace Morgana.Protocols.Tests.Tcp;

/// <summary>A segment that our side sent, its numbers relative to the two ISS.</summary>
internal sealed record Sent(TcpFlags Flags, int Sequence, int Acknowledgment, int Length, int Window, byte[] Payload, (int Start, int End)[] Sacks)
{
    public override string ToString() => $"<SEQ={Sequence}><ACK={Acknowledgment}><CTL={Flags}><LEN={Length}><WND={Window}>";
}

/// <summary>A packet script: one connection of a real stack, and a peer whose every segment the test writes.</summary>
/// <remarks>Numbers are relative: the peer's SYN is 0 and its first octet 1, and so for ours.</remarks>
internal sealed class Script
{
    public static readonly IpAddress Us = Ipv4Address.From(10, 0, 0, 2), Peer = Ipv4Address.From(10, 0, 0, 1);
    public readonly TcpStack Stack;
    public readonly BufferPool Pool;
    public readonly DropCounters Drops = new();
    public readonly TraceRing Trace = new();
    public readonly Queue<Sent> Sent = new();
    public readonly TcpListenSocket Listener;
    public TcpControlBlock Tcb = null!;
    public Instant Now = Instant.FromOrigin(TimeSpan.FromSeconds(10));
    public uint PeerIss = 1000;
    public ushort PeerPort = 1234, OurPort = 80;
    public DropReason LastReason;

    /// <summary>Whether the peer's SYN permits SACK.</summary>
    public bool HasSack;

    /// <summary>TSval of the peer's segments; without a value they carry no timestamps.</summary>
    public uint? Timestamp;

    /// <summary>How long the handshake takes; no time, if nothing is said.</summary>
    public TimeSpan RoundTrip;

    /// <summary>Whether what we send stays where it is, as while a batch of segments comes in.</summary>
    public bool IsHeld;
    public uint Iss;

    public Script(TcpStackOptions? options = null, TcpConnectionOptions? connection = null, TcpListenOptions? listen = null, BufferPool? pool = null)
    {
        Pool = pool ?? new(MemoryRegion.Pinned(512 << 10));
        Stack = new(options ?? new(), Pool, "0123456789abcdef"u8, Drops, Trace);
        connection ??= new() { Timestamps = false, WindowScaling = false, NoDelay = true };
        Connection = connection;
        Stack.TryListen(new(Us, 80), listen ?? new() { Connection = connection }, out var listener);
        Listener = listener!;
    }

    public TcpConnectionOptions Connection { get; }

    /// <summary>Brings the connection into a state by the shortest way.</summary>
    public Script Given(TcpState state)
    {
        if (state == TcpState.Closed) return this;
        if (state == TcpState.Listen) return this;
        if (state == TcpState.SynSent)
        {
            OurPort = 5000;
            Assert.Equal(TcpConnectError.None, Stack.TryConnect(new(Us, OurPort), new(Peer, PeerPort), 1500, Connection, Now, out var tcb));
            Tcb = tcb!;
            Iss = Tcb.Iss.Value;
            Poll();
            return Expect(Syn);
        }

        Inject(Syn, 0, 0).Expect(Syn | Ack, 0, 1);
        Tcb = Listener.HalfOpen.First!;
        if (state == TcpState.SynReceived) return this;
        After(RoundTrip);
        Inject(Ack, 1, 1).ExpectNothing();
        Assert.True(Listener.TryAccept(out _));
        Tcb.TakeEvents();
        if (state is TcpState.CloseWait or TcpState.LastAck) Inject(Fin | Ack, 1, 1).Expect(Ack, 1, 2);
        if (state is TcpState.LastAck or TcpState.FinWait1 or TcpState.FinWait2 or TcpState.Closing or TcpState.TimeWait)
        {
            Tcb.Shutdown(Now);
            Poll();
            Expect(Fin | Ack, 1);
        }

        if (state is TcpState.FinWait2 or TcpState.TimeWait) Inject(Ack, 1, 2).ExpectNothing();
        if (state is TcpState.TimeWait or TcpState.Closing) Inject(Fin | Ack, 1, state == TcpState.TimeWait ? 2 : 1).Expect(Ack, 2, 2);
        Assert.Equal(state, Tcb.State);
        return this;
    }

    public Script Inject(TcpFlags flags, long sequence, long acknowledgment = 0, int length = 0, int window = 65535, byte fill = 0, params (long Start, long End)[] sacks)
    {
        Assert.True(Pool.TryRentPacket(PacketBuffer.Headroom, out var packet));
        var options = new TcpOptions { SackPermitted = HasSack && (flags & Syn) != 0 };
        (options.HasTimestamps, options.TimestampValue) = (Timestamp is not null, Timestamp ?? 0);
        foreach (var (start, end) in sacks) options.Sacks[options.SackCount++] = new(new((uint)(Iss + start)), new((uint)(Iss + end)));
        Span<byte> written = stackalloc byte[TcpOptions.MaxLength];
        written = written[..options.WriteTo(written)];
        var header = packet.Append(TcpHeader.Size + written.Length);
        written.CopyTo(header[TcpHeader.Size..]);
        byte[] payload = new byte[length];
        Array.Fill(payload, fill);
        Assert.True(packet.TryAppend(payload));
        new TcpHeader(PeerPort, OurPort, new((uint)(PeerIss + sequence)), (flags & Ack) == 0 ? default : new((uint)(Iss + acknowledgment)), flags, (ushort)window).WriteTo(header);
        TcpHeader.WriteChecksum(header, InternetChecksum.PseudoHeader(Peer, Us, 6, packet.Length) + InternetChecksum.Sum(payload));
        LastReason = Stack.HandleSegment(Peer, Us, 1500, packet, Now);
        return Poll();
    }

    public Script After(TimeSpan time)
    {
        var end = Now + time;
        while (Stack.NextTimeout <= end)
        {
            Now = Instant.Max(Now, Stack.NextTimeout);
            Stack.HandleTimeouts(Now);
            Poll();
        }

        Now = end;
        return this;
    }

    public Script Do(Action<TcpControlBlock> action)
    {
        action(Tcb);
        return Poll();
    }

    public Script Also(Action<Script> action)
    {
        action(this);
        return this;
    }

    public Script Write(int count, byte fill = 0)
    {
        byte[] data = new byte[count];
        Array.Fill(data, fill);
        Assert.Equal(count, Tcb.Write(data, Now));
        return Poll();
    }

    public Script Expect(TcpFlags flags, int? sequence = null, int? acknowledgment = null, int? length = null, int? window = null)
    {
        Assert.True(Sent.TryDequeue(out var sent), $"expected {flags}, nothing was sent");
        Assert.True((sent.Flags & ~Psh) == flags, $"expected {flags}, sent {sent}");
        if (sequence is { } s) Assert.True(sent.Sequence == s, $"expected SEQ={s}, sent {sent}");
        if (acknowledgment is { } a) Assert.True(sent.Acknowledgment == a, $"expected ACK={a}, sent {sent}");
        if (length is { } l) Assert.True(sent.Length == l, $"expected LEN={l}, sent {sent}");
        if (window is { } w) Assert.True(sent.Window == w, $"expected WND={w}, sent {sent}");
        return this;
    }

    /// <summary>An acknowledgement with just these SACK blocks.</summary>
    public Script ExpectSacks(int acknowledgment, params (int Start, int End)[] sacks)
    {
        Assert.True(Sent.TryPeek(out var sent), "expected an acknowledgement, nothing was sent");
        Assert.Equal(sacks, sent.Sacks);
        return Expect(Ack, null, acknowledgment, 0);
    }

    public Script ExpectNothing()
    {
        Assert.True(Sent.Count == 0, Sent.Count == 0 ? "" : $"expected nothing, sent {Sent.Peek()}");
        return this;
    }

    public Script ExpectState(TcpState state)
    {
        Assert.Equal(state, Tcb.State);
        return this;
    }

    public Script ExpectDrop(DropReason reason)
    {
        Assert.Equal(reason, LastReason);
        return this;
    }

    public Script ExpectGone()
    {
        Assert.Equal(0, Stack.Statistics.Connections);
        Assert.Equal(Instant.Never, Stack.NextTimeout);
        Assert.Equal(0, Pool.InUse);
        return this;
    }

    private Script Poll()
    {
        while (Stack.HasOutput && !IsHeld)
        {
            Assert.True(Pool.TryRentPacket(PacketBuffer.Headroom, out var packet));
            if (!Stack.TryTransmit(packet, Now, out var from, out var to))
            {
                packet.Release();
                break;
            }

            Assert.Equal(0xFFFF, InternetChecksum.Fold(packet.Sum(0, InternetChecksum.PseudoHeader(from, to, 6, packet.Length))));
            byte[] bytes = new byte[packet.Length];
            packet.CopyTo(0, bytes);
            packet.Release();
            Assert.Equal(DropReason.None, TcpSegment.Parse(bytes, out var segment));
            if ((segment.Flags & Syn) != 0) Iss = segment.Sequence.Value;
            Sent.Enqueue(new(segment.Flags, (int)(segment.Sequence.Value - Iss), (segment.Flags & Ack) == 0 ? 0 : (int)(segment.Acknowledgment.Value - PeerIss),
                segment.Payload.Length, segment.Window, segment.Payload.ToArray(), ReadSacks(segment.Options)));
        }

        return this;
    }

    private (int, int)[] ReadSacks(ReadOnlySpan<byte> bytes)
    {
        Assert.True(TcpOptions.Parse(bytes, out var options));
        var sacks = new (int, int)[options.SackCount];
        for (int i = 0; i < sacks.Length; i++) sacks[i] = ((int)(options.Sacks[i].Start.Value - PeerIss), (int)(options.Sacks[i].End.Value - PeerIss));
        return sacks;
    }
}
