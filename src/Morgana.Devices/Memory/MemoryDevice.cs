using Morgana.Core;
using Morgana.Devices.Memory;

namespace Morgana.Devices;

/// <summary>One end of a <see cref="MemoryLink"/>.</summary>
/// <remarks>
/// Between two ends of one pool a frame changes its owner, and <see cref="Reclaim"/> never shows it again. Between two pools the receiver
/// copies the frame, and its sender gets it back. A frame stays in the queue while the receiver's pool is empty.
/// </remarks>
public sealed class MemoryDevice : INetworkDevice
{
    private const int LinkHeaderRoom = 18;      // Ethernet with a VLAN tag.
    private const int MaxLost = 64;
    private const int ReceiveHeadroom = PacketBuffer.Headroom + 2;      // The IP header then lies at a multiple of 16.
    private static readonly TimeSpan s_poolRetry = TimeSpan.FromMilliseconds(1);

    private readonly BufferPool _pool;
    private readonly FrameRing _incoming;       // The peer writes, we read.
    private readonly FrameRing _returned;       // The peer writes frames of ours that it has copied, we read.
    private readonly Queue<PacketBuffer> _lost = new(MaxLost);          // Frames that never left, and wait to be reclaimed.
    private readonly ManualResetEventSlim _event = new();
    private readonly object _unplugging = new();
    private readonly int _maxFrame;
    private readonly int _capacity;
    private MemoryDevice _peer = null!;
    private int _lent;                          // Frames of ours that were not reclaimed: what the return ring must be able to hold.
    private int _sleeping;
    private int _signalled;
    private int _wantsRoom;
    private long _returnsKnown;                 // How many frames had come back when we last went to sleep.
    private bool _poolWasEmpty;
    private volatile bool _closed;

    internal MemoryDevice(BufferPool pool, MemoryLinkOptions options, MacAddress mac)
    {
        _pool = pool;
        _incoming = new(options.Capacity);
        _returned = new(2 * options.Capacity);
        _capacity = 2 * options.Capacity;
        _maxFrame = options.Mtu + LinkHeaderRoom;
        Capabilities = new() { Mac = mac, Mtu = options.Mtu, IsLossless = options.IsLossless };
    }

    /// <inheritdoc/>
    public NetworkDeviceCapabilities Capabilities { get; }

    /// <summary>What the device has counted.</summary>
    public DeviceCounters Counters { get; } = new();

    /// <inheritdoc/>
    public bool IsUp => !_closed && !(_peer._closed && _incoming.IsEmpty);

    /// <inheritdoc/>
    public int Receive(Span<PacketBuffer> frames)
    {
        int count = 0;
        _poolWasEmpty = false;
        bool handsOver = ReferenceEquals(_pool, _peer._pool);
        while (count < frames.Length && !_closed && _incoming.TryPeek(out var frame))
        {
            if (handsOver)
            {
                _incoming.Advance();
                frame.Offload = default;
                frames[count++] = frame;
                Counters.CountReceived(frame.Length);
                continue;
            }

            if (!_pool.TryRentPacket(ReceiveHeadroom, out var copy))
            {
                _poolWasEmpty = true;
                Counters.CountPoolEmpty();
                break;
            }

            bool copied = TryCopy(frame, copy);
            _incoming.Advance();
            _peer.GiveBack(frame);
            if (!copied)
            {
                // It takes several blocks, and just the reserve is left. It must not wait in front of the acknowledgements that free memory.
                copy.Release();
                Counters.CountPoolEmpty();
                Counters.Drops.Count(DropReason.NoBuffer);
                continue;
            }

            frames[count++] = copy;
            Counters.CountReceived(copy.Length);
        }

        if (count > 0 && Volatile.Read(ref _peer._wantsRoom) != 0) _peer.Notify();
        return count;
    }

    /// <inheritdoc/>
    public int Transmit(ReadOnlySpan<PacketBuffer> frames)
    {
        bool handsOver = ReferenceEquals(_pool, _peer._pool);
        Volatile.Write(ref _wantsRoom, 0);
        int taken = 0;
        while (taken < frames.Length && _lent < _capacity)
        {
            var frame = frames[taken];
            int length = frame.Length;
            var reason = !IsUp ? DropReason.DeviceDown : length == 0 ? DropReason.BadLength : length > _maxFrame ? DropReason.TooBig : DropReason.None;
            if (reason != DropReason.None)
            {
                if (!LoseFrame(frame, reason)) break;
                taken++;
                continue;
            }

            if (!handsOver) _lent++;
            if (!_peer._incoming.TryEnqueue(frame))
            {
                if (!handsOver) _lent--;
                break;
            }

            Counters.CountSent(length);
            taken++;
        }

        if (taken < frames.Length) Volatile.Write(ref _wantsRoom, 1);
        if (taken > 0) _peer.Notify();
        return taken;
    }

    /// <inheritdoc/>
    public int Reclaim(Span<PacketBuffer> frames)
    {
        int count = 0;
        for (; count < frames.Length && _lost.Count > 0; count++) frames[count] = _lost.Dequeue();
        for (; count < frames.Length && _returned.TryPeek(out var frame); count++)
        {
            _returned.Advance();
            _lent--;
            frames[count] = frame;
        }

        return count;
    }

    /// <inheritdoc/>
    public void Wait(TimeSpan timeout)
    {
        if (_poolWasEmpty && !_incoming.IsEmpty && (timeout < TimeSpan.Zero || timeout > s_poolRetry)) timeout = s_poolRetry;
        // The peer may sleep for long over frames that it could have back: it is told once we have nothing more to do, and so nothing more to send.
        if (_peer._returned.Written != Volatile.Read(ref _peer._returnsKnown)) _peer.Notify();
        // Sleeping is announced before the reasons not to sleep are looked at, and whoever makes a reason looks for sleepers afterwards.
        Interlocked.Exchange(ref _sleeping, 1);
        bool hasRoom = _wantsRoom != 0 && (!_returned.IsEmpty || _lost.Count > 0 || _peer._incoming.Count < _capacity / 2);
        long returned = _returned.Written;
        bool hasReturns = returned != _returnsKnown && !_returned.IsEmpty;
        Volatile.Write(ref _returnsKnown, returned);
        if (Volatile.Read(ref _signalled) == 0 && !hasRoom && !hasReturns && (_poolWasEmpty || _incoming.IsEmpty)) _event.Wait(timeout);
        Volatile.Write(ref _sleeping, 0);
        _event.Reset();
        Interlocked.Exchange(ref _signalled, 0);
    }

    /// <inheritdoc/>
    public void Wake()
    {
        Interlocked.Exchange(ref _signalled, 1);
        if (Volatile.Read(ref _sleeping) != 0) _event.Set();
    }

    /// <summary>Unplugs this end. Frames on their way here are lost and go back to their pool; the peer still receives those that were sent.</summary>
    public void Dispose()
    {
        if (_closed) return;
        _closed = true;
        Interlocked.MemoryBarrier();
        while (_incoming.TryPeek(out var frame))
        {
            _incoming.Advance();
            if (ReferenceEquals(_pool, frame.Pool)) frame.Release();
            else _peer.GiveBack(frame);
        }

        foreach (var frame in _lost) frame.Release();
        _lost.Clear();
        TakeReturnedAfterUnplugging();
        _peer.Notify();
    }

    internal void Join(MemoryDevice peer) => _peer = peer;

    private bool LoseFrame(PacketBuffer frame, DropReason reason)
    {
        if (_lost.Count >= MaxLost) return false;
        Counters.Drops.Count(reason);
        _lost.Enqueue(frame);
        return true;
    }

    private static bool TryCopy(PacketBuffer frame, PacketBuffer copy)
    {
        for (PoolBlock? block = frame.FirstBlock; block is not null; block = block.NextBlock)
            if (!copy.TryAppend(block.Data)) return false;
        return true;
    }

    /// <summary>The peer has copied a frame of ours. Its thread.</summary>
    private void GiveBack(PacketBuffer frame)
    {
        // The ring holds every frame that can be lent, so there is room.
        _returned.TryEnqueue(frame);
        Interlocked.MemoryBarrier();
        if (_closed) TakeReturnedAfterUnplugging();
    }

    /// <summary>Nobody reclaims any more: whoever comes, our disposal or the peer's thread, gives back what there is.</summary>
    private void TakeReturnedAfterUnplugging()
    {
        lock (_unplugging)
        {
            while (_returned.TryPeek(out var frame))
            {
                _returned.Advance();
                frame.ReleaseShared();
            }
        }
    }

    /// <summary>There is something new for this end's loop: a frame, room, or the end of the peer. The peer's thread.</summary>
    private void Notify()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _sleeping) != 0) _event.Set();
    }
}
