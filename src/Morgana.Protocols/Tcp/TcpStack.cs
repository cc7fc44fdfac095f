using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Morgana.Core;
using Morgana.Wire.Tcp;

namespace Morgana.Protocols.Tcp;

/// <summary>All TCP of one host: the table of connections, listeners, timers, and the choice of sequence numbers and ports (RFC 9293).</summary>
/// <remarks>
/// Sans-IO and for one thread. Segments come in through <see cref="HandleSegment"/>; what is to be sent is polled with
/// <see cref="TryTransmit"/>, what happened with <see cref="TryTakeReady"/> and <see cref="TryTakeReadyListener"/>. It never calls back.
/// </remarks>
public sealed partial class TcpStack
{
    internal readonly BufferPool Pool;
    internal readonly TraceRing Trace;
    internal readonly TcpTimerWheel Wheel = new();
    internal readonly RecordPool Records = new();
    internal readonly ArrayStack<SackBlock> Sacked = new(SackedRanges.Limit + 1);
    internal readonly ArrayStack<ReassemblyQueue.Range> FewRanges = new(ReassemblyQueue.Few), ManyRanges = new(ReassemblyQueue.Limit);
    internal readonly TcpStackOptions Options;
    internal readonly KeyedSourceComparer SourceComparer;
    internal Staging Staged;
    private const int PooledBlocks = 4096;
    private readonly DropCounters _drops;
    private readonly TcpTable _table;
    private readonly IdentityGenerator _identities;
    private readonly ReadyList _ready = new();
    private readonly OutputList _output = new();
    private readonly KinList _timeWait = new();
    private readonly Stack<TcpControlBlock> _unused = new();
    private readonly Stack<int> _freeSlots = new();
    private TcpControlBlock? _lastFound;        // Always one that is in the table.
    private TcpControlBlock?[] _slots = new TcpControlBlock?[16];
    private int _slotsUsed;
    private int _burst;

    /// <summary>Makes a stack without connections.</summary>
    /// <param name="options">Limits and times.</param>
    /// <param name="pool">Where queues take their memory from.</param>
    /// <param name="secret">At least 16 random octets, from which the keys of all hashes are derived.</param>
    /// <param name="drops">Where dropped segments are counted.</param>
    /// <param name="trace">Where events are traced.</param>
    public TcpStack(TcpStackOptions options, BufferPool pool, ReadOnlySpan<byte> secret, DropCounters drops, TraceRing trace)
    {
        Options = options;
        Pool = pool;
        Trace = trace;
        _drops = drops;
        _table = new(IdentityGenerator.DeriveKey(secret, 0));
        _identities = new(secret);
        SourceComparer = new(new SipHash(IdentityGenerator.DeriveKey(secret, 4)));
        _resetTokens = options.ResetsPerSecond;
    }

    /// <summary>Counters, and connections by state.</summary>
    public TcpStatistics Statistics { get; } = new();

    /// <summary>Whether <see cref="TryTakeReady"/> or <see cref="TryTakeReadyListener"/> has something to tell.</summary>
    public bool HasNews => _ready.First is not null || _readyListeners.Count > 0;

    /// <summary>Whether <see cref="TryTransmit"/> is worth a packet.</summary>
    public bool HasOutput => _replyCount > 0 || _output.First is not null;

    /// <summary>
    /// The blocks that send queues, and octets out of order, may take. The last quarter of the pool is left to what comes in order: two hosts whose pools are full of
    /// what they want to send could never take each other's data.
    /// </summary>
    internal int SpareBlocks => Pool.Capacity - Pool.InUse - (Pool.Capacity / 4);

    internal bool HasMemoryToSpare => SpareBlocks > 0;

    /// <summary>When <see cref="HandleTimeouts"/> is to be called next, at the latest; <see cref="Instant.Never"/> if nothing is pending.</summary>
    public Instant NextTimeout => Wheel.NextTimeout;

    /// <summary>Does what is due.</summary>
    public void HandleTimeouts(Instant now)
    {
        while (Wheel.TryTakeExpired(now, out int slot)) _slots[slot]!.HandleTimeouts(now);
    }

    /// <summary>Appends the next segment, header with checksum and payload, to an empty packet with headroom.</summary>
    /// <returns>False: there is nothing to send now, and the packet is as it was.</returns>
    public bool TryTransmit(PacketBuffer packet, Instant now, out IpAddress source, out IpAddress destination)
    {
        if (_replyCount > 0)
        {
            TransmitReply(packet, out source, out destination);
            return true;
        }

        while (_output.First is { } block)
        {
            if (block.TryTransmit(packet, now))
            {
                source = block.Local.Address;
                destination = block.Remote.Address;
                block.Sent(now);
                // A few segments in a row are kind to the caches; then the next connection has its turn.
                if (++_burst >= 8)
                {
                    _burst = 0;
                    _output.Remove(block);
                    _output.Add(block);
                }

                return true;
            }

            _output.Remove(block);
            _burst = 0;
        }

        source = destination = default;
        return false;
    }

    /// <summary>Takes a connection that has events. Each comes once; take its events with <see cref="TcpControlBlock.TakeEvents"/>.</summary>
    public bool TryTakeReady([NotNullWhen(true)] out TcpControlBlock? tcb)
    {
        tcb = _ready.First;
        if (tcb is null) return false;
        _ready.Remove(tcb);
        return true;
    }

    internal void AddReady(TcpControlBlock block) => _ready.Add(block);

    internal void RemoveReady(TcpControlBlock block) => _ready.Remove(block);

    internal void AddOutput(TcpControlBlock block) => _output.Add(block);

    /// <summary>Places of connections by <see cref="TcpControlBlock.Id"/>; null where there is none.</summary>
    internal ReadOnlySpan<TcpControlBlock?> Slots => _slots.AsSpan(0, _slotsUsed);

    internal TcpControlBlock? Find(IpEndpoint local, IpEndpoint remote)
    {
        var tuple = new TcpTuple(local.Address, local.Port, remote.Address, remote.Port);
        return _table.Find(tuple, _table.Hash(tuple));
    }

    /// <summary>TIME_WAIT is bounded: beyond the limit the oldest goes.</summary>
    internal void AddTimeWait(TcpControlBlock block, Instant now)
    {
        block.LeaveSource();
        _timeWait.Add(block);
        if (_timeWait.Count > Options.MaximumTimeWait) RecycleTimeWait(now);
    }

    private bool RecycleTimeWait(Instant now)
    {
        if (_timeWait.First is not { } oldest) return false;
        Statistics.TimeWaitRecycled++;
        oldest.Terminate(TcpEvents.Closed, now);
        return true;
    }

    /// <summary>The connection's state is about to become CLOSED: it leaves every list, the table and the wheel.</summary>
    internal void Remove(TcpControlBlock block)
    {
        _table.Remove(block);
        if (ReferenceEquals(_lastFound, block)) _lastFound = null;
        Wheel.Disarm(block.Id);
        _output.Remove(block);
        if (block.State == TcpState.TimeWait) _timeWait.Remove(block);
        else if (block.Listener is { } listener)
        {
            if (block.State == TcpState.SynReceived) listener.HalfOpen.Remove(block);
            else listener.Acceptable.Remove(block);
        }

        block.Listener = null;
        block.LeaveSource();
        _slots[block.Id] = null;
        _freeSlots.Push(block.Id);
        Statistics.Connections--;
    }

    /// <summary>Nobody refers to the block any more.</summary>
    internal void Recycle(TcpControlBlock block)
    {
        if (block.IsPooled) return;
        _ready.Remove(block);
        block.IsPooled = true;
        if (_unused.Count < PooledBlocks) _unused.Push(block);
    }

    // A block for a new connection, in the table and with a slot; null at the limit.
    private TcpControlBlock? Allocate(in TcpTuple tuple, uint hash, IpEndpoint local, IpEndpoint remote, int mtu, TcpConnectionOptions options, SequenceNumber? after, Instant now)
    {
        if (Statistics.Connections >= Options.MaximumConnections && !RecycleTimeWait(now)) return null;
        var block = _unused.Count > 0 ? _unused.Pop() : new TcpControlBlock(this);
        int slot = _freeSlots.Count > 0 ? _freeSlots.Pop() : _slotsUsed++;
        if (slot == _slots.Length) Array.Resize(ref _slots, 2 * slot);
        _slots[slot] = block;
        block.Id = slot;
        var iss = _identities.Iss(tuple, now);
        // RFC 9293 3.10.7.4, TIME-WAIT: beyond the largest number of the connection before.
        if (after is { } old && iss <= old) iss = old + 128_000;
        block.Begin(tuple, hash, local, remote, mtu, options, iss, _identities.TimestampOffset(tuple));
        _table.Add(block);
        Statistics.Connections++;
        return block;
    }

    /// <summary>The length's part of a pseudo-header's partial sum.</summary>
    internal static ulong LengthPart(int length) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness((uint)length) : (uint)length;
}
