using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Morgana.Protocols.Tests.Tcp;

/// <summary>What may happen in a <see cref="World"/>, and how often.</summary>
/// <param name="Writes">Octets that each side writes, one at a time.</param>
/// <param name="Drops">Segments that may be lost.</param>
/// <param name="Duplicates">Segments that may come twice.</param>
/// <param name="Swaps">Times that a segment may overtake another.</param>
/// <param name="IsSimultaneous">Whether both sides open, instead of one that listens.</param>
/// <param name="CanAbort">Whether applications abort.</param>
internal sealed record WorldLimits(int Writes = 0, int Drops = 0, int Duplicates = 0, int Swaps = 0, bool IsSimultaneous = false, bool CanAbort = false);

/// <summary>One thing that happens: to the side that it names, or to the first segment on the way to it.</summary>
internal enum WorldEvent : byte
{
    Deliver, Drop, Duplicate, Swap, Write, Read, Shutdown, Close, Abort, Timer,
}

/// <summary>Two endpoints and two wires, where nothing happens by itself: whoever explores it chooses each event.</summary>
internal sealed class World
{
    private const int WireLimit = 4;
    private static readonly TcpStackOptions s_options = new() { SynRetries = 2, DataRetries = 2, OrphanRetries = 2 };
    private static readonly TcpConnectionOptions s_connection = new() { NoDelay = true, Timestamps = false, WindowScaling = false, ReceiveBuffer = 4, SendBuffer = 4 };
    private readonly IpEndpoint[] _ends = [new(Ipv4Address.From(10, 0, 0, 1), 1000), new(Ipv4Address.From(10, 0, 0, 2), 80)];
    private readonly TcpStack[] _stacks = new TcpStack[2];
    private readonly TcpControlBlock?[] _tcbs = new TcpControlBlock?[2];
    private readonly List<PacketBuffer>[] _wires = [[], []];    // By the side that they lead to.
    private readonly (int Writes, bool Shut)[] _done = new (int, bool)[2];
    private readonly TcpListenSocket? _listener;
    private readonly WorldLimits _limits;
    private readonly BufferPool _pool;
    private readonly Checker? _checker;
    private int _drops, _duplicates, _swaps;
    private Instant _now = Instant.FromOrigin(TimeSpan.FromSeconds(1));

    public World(WorldLimits limits, BufferPool pool, Checker? checker)
    {
        (_limits, _pool, _checker) = (limits, pool, checker);
        for (int i = 0; i < 2; i++) _stacks[i] = new(s_options, pool, i == 0 ? "0123456789abcdef"u8 : "fedcba9876543210"u8, new(), new());
        Open(0);
        if (limits.IsSimultaneous) Open(1);
        else _stacks[1].TryListen(_ends[1], new() { Connection = s_connection }, out _listener);
        Drain();
    }

    /// <summary>Whether more was on a wire than it holds: what follows is not explored.</summary>
    public bool IsOverflown { get; private set; }

    public (TcpState, TcpState) States => (StateOf(0), StateOf(1));

    public IEnumerable<(WorldEvent, int)> Enabled()
    {
        for (int side = 0; side < 2; side++)
        {
            int waiting = _wires[side].Count;
            if (waiting > 0) yield return (WorldEvent.Deliver, side);
            if (waiting > 0 && _drops < _limits.Drops) yield return (WorldEvent.Drop, side);
            if (waiting > 0 && _duplicates < _limits.Duplicates) yield return (WorldEvent.Duplicate, side);
            if (waiting > 1 && _swaps < _limits.Swaps) yield return (WorldEvent.Swap, side);
            if (_tcbs[side] is not { } tcb) continue;
            if (_done[side].Writes < _limits.Writes && tcb.SendRoom > 0 && tcb.State >= TcpState.Established) yield return (WorldEvent.Write, side);
            if (tcb.ReceivedLength > 0) yield return (WorldEvent.Read, side);
            if (!_done[side].Shut && tcb.State != TcpState.Closed) yield return (WorldEvent.Shutdown, side);
            yield return (WorldEvent.Close, side);
            if (_limits.CanAbort) yield return (WorldEvent.Abort, side);
        }

        // Timers are slow: they go off once everything has arrived.
        if (_wires[0].Count + _wires[1].Count == 0 && NextTimeout != Instant.Never) yield return (WorldEvent.Timer, 0);
    }

    public void Do(WorldEvent what, int side)
    {
        var wire = _wires[side];
        switch (what)
        {
            case WorldEvent.Deliver:
                Deliver(side);
                break;
            case WorldEvent.Drop:
                _drops++;
                wire[0].Release();
                wire.RemoveAt(0);
                break;
            case WorldEvent.Duplicate:
                _duplicates++;
                Assert.True(_pool.TryRentPacket(PacketBuffer.Headroom, out var copy) && copy.TryAppend(wire[0].Span));
                wire.Add(copy);
                break;
            case WorldEvent.Swap:
                _swaps++;
                (wire[0], wire[1]) = (wire[1], wire[0]);
                break;
            case WorldEvent.Write:
                _done[side].Writes += _tcbs[side]!.Write([(byte)_done[side].Writes], _now);
                break;
            case WorldEvent.Read:
                _tcbs[side]!.Read(new byte[8], _now);
                break;
            case WorldEvent.Shutdown:
                _done[side].Shut = true;
                _tcbs[side]!.Shutdown(_now);
                break;
            case WorldEvent.Close or WorldEvent.Abort:
                if (what == WorldEvent.Close) _tcbs[side]!.Close(_now);
                else _tcbs[side]!.Abort(_now);
                _tcbs[side] = null;
                break;
            case WorldEvent.Timer:
                _now = NextTimeout;
                foreach (var stack in _stacks) stack.HandleTimeouts(_now);
                _checker?.AfterTimeouts(_stacks[0], _stacks[1], _now);
                break;
        }

        Drain();
    }

    /// <summary>Whatever the state: once both applications have gone and nothing is lost any more, all of it ends.</summary>
    public void Finish()
    {
        for (int round = 0; round < 500; round++)
        {
            if (_listener is not null && _listener.AcceptableCount > 0) Accept();
            for (int side = 0; side < 2; side++)
            {
                if (_tcbs[side] is null) continue;
                _tcbs[side]!.Close(_now);
                _tcbs[side] = null;
            }

            Drain();
            if (_wires[0].Count + _wires[1].Count > 0) Deliver(_wires[0].Count > 0 ? 0 : 1);
            else if (NextTimeout != Instant.Never) Do(WorldEvent.Timer, 0);
            else break;
        }

        Assert.True(_stacks[0].Statistics.Connections + _stacks[1].Statistics.Connections == 0, "a connection does not end");
        Assert.True(_pool.InUse == 0, "blocks are left");
    }

    /// <summary>All that decides what can happen next: two worlds with the same key are taken for the same.</summary>
    public string Key()
    {
        var key = new System.Text.StringBuilder();
        key.Append($"{_drops},{_duplicates},{_swaps};");
        for (int side = 0; side < 2; side++)
        {
            key.Append($"{_done[side]}{_tcbs[side] is null}");
            foreach (var tcb in _stacks[side].Slots)
            {
                if (tcb is null) continue;
                var t = tcb.Deadlines;
                key.Append($"|{tcb.State},{tcb.SndUna - tcb.Iss},{tcb.SndNxt - tcb.Iss},{tcb.Unsent},{tcb.IsFinQueued},{tcb.IsFinSent},{tcb.IsReleased},{tcb.SndWnd}");
                key.Append($",{(tcb.State == TcpState.SynSent ? 0 : tcb.RcvNxt - tcb.Irs)},{tcb.RcvAdv - tcb.RcvNxt},{tcb.ReceivedLength},{tcb.LastAckSent - tcb.RcvNxt},{tcb.IsAckOwed},{tcb.Unanswered}");
                key.Append($",{Rank(t.Retransmit)}{Rank(t.Early)}{Rank(t.DelayedAck)}{Rank(t.Life)}{Rank(t.KeepAlive)},{tcb.OutOfOrder.Count},{tcb.Congestion.State},{tcb.HasEvents}");
                for (int i = 0; i < tcb.Records.Count; i++) key.Append($"r{(int)tcb.Records[i].Fate}{tcb.Records[i].Retransmissions}");
            }

            foreach (var packet in _wires[side])
            {
                Assert.Equal(DropReason.None, Wire.Tcp.TcpSegment.Parse(packet.Span, out var s));
                var (from, to) = (Iss(1 - side), Iss(side));
                key.Append($">{(int)s.Flags},{s.Sequence - from},{s.Acknowledgment - to},{s.Window},{packet.Length}");
            }
        }

        return key.ToString();
    }

    private SequenceNumber Iss(int side) => _stacks[side].Slots.Length > 0 && _stacks[side].Slots[0] is { } tcb ? tcb.Iss : default;

    // A deadline, as its order among those of this side matters.
    private int Rank(Instant deadline) => deadline == Instant.Never ? 0 : deadline <= _stacks[0].NextTimeout && deadline <= _stacks[1].NextTimeout ? 1 : 2;

    private Instant NextTimeout => Instant.Min(_stacks[0].NextTimeout, _stacks[1].NextTimeout);

    private TcpState StateOf(int side) => _stacks[side].Slots.Length > 0 && _stacks[side].Slots[0] is { } tcb ? tcb.State : TcpState.Closed;

    private void Open(int side)
    {
        Assert.Equal(TcpConnectError.None, _stacks[side].TryConnect(_ends[side], _ends[1 - side], 1500, s_connection, _now, out _tcbs[side]));
    }

    private void Accept()
    {
        while (_listener!.TryAccept(out var accepted)) _tcbs[1] = accepted;
    }

    private void Deliver(int side)
    {
        var packet = _wires[side][0];
        _wires[side].RemoveAt(0);
        _stacks[side].HandleSegment(_ends[1 - side].Address, _ends[side].Address, 1500, packet, _now);
        if (_listener is not null) Accept();
    }

    private void Drain()
    {
        for (int side = 0; side < 2; side++)
        {
            var stack = _stacks[side];
            while (stack.HasOutput)
            {
                Assert.True(_pool.TryRentPacket(PacketBuffer.Headroom, out var packet));
                if (!stack.TryTransmit(packet, _now, out var from, out var to))
                {
                    packet.Release();
                    break;
                }

                _checker?.Sent(stack, packet, from, to);
                _wires[1 - side].Add(packet);
            }

            while (stack.TryTakeReady(out var tcb))
                if ((tcb.TakeEvents() & TcpEvents.Closed) != 0) tcb.Owner = null;
        }

        for (int side = 0; side < 2; side++)
            if (_tcbs[side] is { IsReleased: true } or { IsPooled: true }) _tcbs[side] = null;
        IsOverflown |= _wires[0].Count > WireLimit || _wires[1].Count > WireLimit;
        _checker?.AfterDrain(_stacks[0], _stacks[1], _now);
    }
}
