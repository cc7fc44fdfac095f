using System.Runtime.InteropServices;
using Morgana.Core;

namespace Morgana.Devices.Linux;

/// <summary>A network device that is one descriptor of Linux's, where each frame is a system call: a tap, or a packet socket.</summary>
/// <remarks>
/// A frame is read into a packet's first block, where one of an ordinary MTU fits; what goes beyond lands in a spare area and is copied into
/// further blocks, so that no packet holds more blocks than it needs.
/// </remarks>
public abstract unsafe class FrameDescriptorDevice : INetworkDevice, IDescriptorDevice
{
    // Behind an Ethernet header of 14 octets, the IP header then lies at a multiple of 16.
    private const int ReceiveHeadroom = PacketBuffer.Headroom + 2;
    private const int LinkHeaderRoom = 18;      // Ethernet with a VLAN tag.
    private const int SpareSize = PacketBuffer.MaxLength;
    private const int MaxVectors = 128;
    private static readonly TimeSpan s_poolRetry = TimeSpan.FromMilliseconds(1);

    private readonly BufferPool _pool;
    private readonly WaitPoint _wait = new();
    private readonly DoneQueue _done = new(256);
    private readonly byte* _spare = (byte*)NativeMemory.Alloc(SpareSize);
    private readonly int _maxFrame;
    private int _descriptor;
    private bool _poolWasEmpty;
    private bool _wasFull;

    /// <summary>Takes over an open descriptor, unless this throws.</summary>
    internal FrameDescriptorDevice(int descriptor, BufferPool pool, string name, NetworkDeviceCapabilities capabilities)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capabilities.Mtu, 68);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capabilities.Mtu, 65535);
        Name = name;
        int flags = Libc.Control(descriptor, Libc.GetStatusFlags, 0);
        if (flags < 0 || Libc.Control(descriptor, Libc.SetStatusFlags, flags | Libc.OpenNonBlocking) < 0)
            throw new IOException($"Descriptor {descriptor} cannot be used without blocking: {Libc.Describe(Libc.Error)}.");
        _descriptor = descriptor;
        _pool = pool;
        _maxFrame = capabilities.Mtu + LinkHeaderRoom;
        Capabilities = capabilities with { TransmitsWhileWaiting = true };
    }

    /// <summary>The interface's name on the host.</summary>
    public string Name { get; }

    /// <inheritdoc/>
    public NetworkDeviceCapabilities Capabilities { get; }

    int IDescriptorDevice.Descriptor => _descriptor;

    /// <summary>What the driver has counted.</summary>
    public DeviceCounters Counters { get; } = new();

    /// <inheritdoc/>
    public bool IsUp => DownReason is null;

    /// <summary>Why the device is down, in words for a log; null while it is up.</summary>
    public string? DownReason { get; private set; }

    /// <inheritdoc/>
    public int Receive(Span<PacketBuffer> frames)
    {
        _poolWasEmpty = false;
        int count = 0;
        while (count < frames.Length && IsUp)
        {
            if (!_pool.TryRentPacket(ReceiveHeadroom, out var frame))
            {
                _poolWasEmpty = true;
                Counters.CountPoolEmpty();
                break;
            }

            int length = Read(frame);
            if (length <= 0)
            {
                frame.Release();
                break;
            }

            if (Fill(frame, length))
            {
                Counters.CountReceived(length);
                frames[count++] = frame;
                continue;
            }

            frame.Release();
        }

        return count;
    }

    /// <inheritdoc/>
    public int Transmit(ReadOnlySpan<PacketBuffer> frames)
    {
        int taken = 0;
        for (; taken < frames.Length && _done.Room > 0; taken++)
        {
            var frame = frames[taken];
            var reason = !IsUp ? DropReason.DeviceDown : frame.Length == 0 ? DropReason.BadLength : frame.Length > _maxFrame ? DropReason.TooBig : DropReason.None;
            if (reason == DropReason.None && !TryWrite(frame, out reason)) break;
            if (reason == DropReason.None) Counters.CountSent(frame.Length);
            else Counters.Drops.Count(reason);
            _done.Add(frame);
        }

        return taken;
    }

    /// <inheritdoc/>
    public int Reclaim(Span<PacketBuffer> frames) => _done.Take(frames);

    /// <inheritdoc/>
    public void Wait(TimeSpan timeout)
    {
        // With an empty pool, waiting frames cannot be received: look again soon instead of spinning.
        short events = _poolWasEmpty ? (short)0 : Libc.PollIn;
        if (_poolWasEmpty && (timeout < TimeSpan.Zero || timeout > s_poolRetry)) timeout = s_poolRetry;
        if (_wasFull) events |= Libc.PollOut;
        short ready = _wait.Wait(IsUp ? _descriptor : -1, events, timeout);
        if ((ready & Libc.PollOut) != 0) _wasFull = false;
    }

    /// <inheritdoc/>
    public void Wake() => _wait.Wake();

    /// <summary>Closes the descriptor and gives lent frames back to their pool. The loop's thread, or after it has ended.</summary>
    public void Dispose()
    {
        if (_descriptor < 0) return;
        DownReason ??= "the device was closed";
        Libc.Close(_descriptor);
        _descriptor = -1;
        _wait.Dispose();
        _done.Release();
        NativeMemory.Free(_spare);
        GC.SuppressFinalize(this);
    }

    /// <summary>Reads one frame, and says what is known of its checksums.</summary>
    private protected virtual nint ReadFrame(int descriptor, IoVector* vectors, int count, ref OffloadMetadata offload) => Libc.ReadVectors(descriptor, vectors, count);

    /// <summary>Why an error of the descriptor's takes the device down for good; null where one frame is lost and the device lives on.</summary>
    private protected abstract string? DescribeLoss(int error);

    /// <summary>Reads one frame: its beginning into the packet's block, the rest into the spare area.</summary>
    private int Read(PacketBuffer frame)
    {
        var block = frame.FirstBlock;
        var vectors = stackalloc IoVector[2];
        vectors[0] = new(block.Pointer + block.End, (nuint)(PoolBlock.Size - block.End));
        vectors[1] = new(_spare, SpareSize);
        while (true)
        {
            nint read = ReadFrame(_descriptor, vectors, 2, ref frame.Offload);
            if (read >= 0) return (int)read;
            int error = Libc.Error;
            if (error == Libc.EIntr) continue;
            if (error != Libc.EAgain && DescribeLoss(error) is { } reason) DownReason ??= reason;
            return -1;
        }
    }

    private bool Fill(PacketBuffer frame, int length)
    {
        if (length > _maxFrame)
        {
            Counters.Drops.Count(DropReason.TooBig);
            return false;
        }

        int first = frame.Append(length).Length;
        if (frame.TryAppend(new ReadOnlySpan<byte>(_spare, length - first))) return true;
        Counters.CountPoolEmpty();
        Counters.Drops.Count(DropReason.NoBuffer);
        return false;
    }

    /// <summary>Writes one frame. False when the queue is full.</summary>
    private bool TryWrite(PacketBuffer frame, out DropReason reason)
    {
        reason = DropReason.None;
        var vectors = stackalloc IoVector[MaxVectors];
        int count = 0;
        for (PoolBlock? block = frame.FirstBlock; block is not null; block = block.NextBlock)
        {
            if (block.Length == 0) continue;
            if (count == MaxVectors)
            {
                reason = DropReason.TooBig;
                return true;
            }

            vectors[count++] = new(block.Pointer + block.Start, (nuint)block.Length);
        }

        while (true)
        {
            if (Libc.WriteVectors(_descriptor, vectors, count) >= 0) return true;
            int error = Libc.Error;
            if (error == Libc.EIntr) continue;
            if (error is Libc.EAgain or Libc.ENoBufs)
            {
                _wasFull = true;
                return false;
            }

            if (DescribeLoss(error) is { } loss) DownReason ??= loss;
            reason = DropReason.DeviceDown;
            return true;
        }
    }
}
