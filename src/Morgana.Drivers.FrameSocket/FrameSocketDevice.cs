using System.Runtime.InteropServices;
using Morgana.Core;
using Morgana.Devices;
using Morgana.Devices.Linux;

namespace Morgana.Drivers.FrameSocket;

/// <summary>Ethernet frames over a unix stream socket, each behind its length in four octets, big-endian: the framing of QEMU's <c>-netdev stream</c>.</summary>
/// <remarks>
/// Frames are read many at a time into a staging area and copied into packets; they are sent many at a time from where they lie. A socket
/// that takes half a frame gets the other half first. The peer's closing, an error, or a length that cannot be one (0, or more than the
/// MTU and 18) takes the device down for good, with a <see cref="DownReason"/>.
/// </remarks>
public sealed unsafe partial class FrameSocketDevice : INetworkDevice, IDescriptorDevice
{
    /// <summary>The largest MTU: what is left of 64 KB when a virtual machine's network card has had its share.</summary>
    public const int MaxMtu = 65520;

    private const int LengthSize = 4;
    private const int LinkHeaderRoom = 18;      // Ethernet with a VLAN tag.
    private static readonly TimeSpan s_poolRetry = TimeSpan.FromMilliseconds(1);

    private readonly BufferPool _pool;
    private readonly WaitPoint _wait = new();
    private readonly int _maxFrame;
    private int _descriptor;

    private FrameSocketDevice(int descriptor, BufferPool pool, FrameSocketSettings settings)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(descriptor);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.Mtu, 68);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(settings.Mtu, MaxMtu);
        _descriptor = descriptor;
        _pool = pool;
        _maxFrame = settings.Mtu + LinkHeaderRoom;
        _stagingSize = Math.Max(64 * 1024, 2 * (_maxFrame + LengthSize));
        _staging = (byte*)NativeMemory.Alloc((nuint)_stagingSize);
        _lengths = (byte*)NativeMemory.Alloc(LengthSize * MaxBatch);
        _vectors = (IoVector*)NativeMemory.Alloc(MaxVectors, (nuint)sizeof(IoVector));
        Capabilities = new() { Mac = settings.Mac, Mtu = settings.Mtu, IsLossless = settings.IsLossless, TransmitsWhileWaiting = true };
        // Room for a burst; the kernel gives less where its limit is lower, which does no harm.
        int size = 1 << 20;
        Libc.SetOption(descriptor, Libc.SetSocketOption, Libc.SendBuffer, &size, sizeof(int));
    }

    /// <inheritdoc/>
    public NetworkDeviceCapabilities Capabilities { get; }

    int IDescriptorDevice.Descriptor => _descriptor;

    /// <summary>What the driver has counted.</summary>
    public DeviceCounters Counters { get; } = new();

    /// <inheritdoc/>
    public bool IsUp => DownReason is null;

    /// <summary>Why the device is down, in words for a log; null while it is up.</summary>
    public string? DownReason { get; private set; }

    /// <summary>A device over a connected stream socket, which it owns from now on.</summary>
    /// <param name="descriptor">The socket's descriptor, such as one inherited from the runner.</param>
    /// <param name="pool">Where received frames go; of the loop that will own the device.</param>
    /// <param name="settings">MTU and address.</param>
    /// <exception cref="IOException">The descriptor is not open, or no socket; it stays as it was.</exception>
    public static FrameSocketDevice FromDescriptor(int descriptor, BufferPool pool, FrameSocketSettings? settings = null)
    {
        // Takes nothing, and does not wait: it only fails where there is no socket.
        byte nothing;
        if (Libc.Receive(descriptor, &nothing, 0, Libc.MessageDontWait) < 0 && Libc.Error is not (Libc.EAgain or Libc.EIntr) and var error)
            throw new IOException($"Descriptor {descriptor} is no socket that frames can be read from: {Libc.Describe(error)}.");
        return new(descriptor, pool, settings ?? new());
    }

    /// <summary>Two devices that are each other's peers, for two loops in one process.</summary>
    public static (FrameSocketDevice First, FrameSocketDevice Second) CreatePair(
        BufferPool firstPool, BufferPool secondPool, FrameSocketSettings? first = null, FrameSocketSettings? second = null)
    {
        var (a, b) = FrameSockets.CreatePair();
        return (new(a, firstPool, first ?? new()), new(b, secondPool, second ?? new()));
    }

    /// <inheritdoc/>
    public void Wait(TimeSpan timeout)
    {
        if (IsUp && HasStagedFrame)
        {
            if (!_poolWasEmpty) timeout = TimeSpan.Zero;
            else if (timeout < TimeSpan.Zero || timeout > s_poolRetry) timeout = s_poolRetry;
        }

        // A dead socket is ready for ever: then only wakes and time count.
        short events = Libc.PollIn;
        if (_partial is not null || _wasFull) events |= Libc.PollOut;
        short ready = _wait.Wait(IsUp ? _descriptor : -1, events, timeout);
        // The rest of a frame goes out with the next Reclaim: another thread may be sending now.
        if ((ready & Libc.PollOut) != 0) _wasFull = false;
    }

    /// <inheritdoc/>
    public void Wake() => _wait.Wake();

    /// <summary>Closes the socket and gives lent frames back to their pool. The loop's thread, or after it has ended.</summary>
    public void Dispose()
    {
        if (_descriptor < 0) return;
        Fail("the device was closed");
        Libc.Close(_descriptor);
        _descriptor = -1;
        _wait.Dispose();
        _done.Release();
        NativeMemory.Free(_staging);
        NativeMemory.Free(_lengths);
        NativeMemory.Free(_vectors);
    }

    private void Fail(string reason)
    {
        DownReason ??= reason;
        _start = _end = 0;
        if (_partial is null) return;
        Counters.Drops.Count(DropReason.DeviceDown);
        _done.Add(_partial);
        _partial = null;
    }
}
