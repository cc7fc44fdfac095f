using Morgana.Core;
using Morgana.Devices;
using Morgana.Devices.Linux;

namespace Morgana.Drivers.Virtio;

/// <summary>A virtio network card (virtio 1.2, 5.1): frames go between the device's queues and the pool's own pages, without a copy.</summary>
/// <remarks>
/// The device needs the pool's memory in its reach, so that the memory comes from here: open the device, make a pool of
/// <see cref="PoolMemory"/>, and <see cref="Attach"/> it. Of offloads none is asked for, as the stack computes and verifies every checksum.
/// Nor are several queues (VIRTIO_NET_F_MQ): one loop takes the frames of all, on one processor, and a card that offers them serves the first
/// pair alone to who does not ask (5.1.5).
/// </remarks>
public sealed unsafe partial class VirtioNetDevice : INetworkDevice
{
    // 5.1.3, "Feature bits"
    private const int MtuFeature = 3, MacFeature = 5, MergeableBuffers = 15;
    private const int ReceiveQueue = 0, TransmitQueue = 1;
    private const uint NetworkType = 1;

    /// <summary>virtio_net_hdr of 5.1.6, with the count of merged buffers, as version 1 always has it.</summary>
    private const int HeaderSize = 12, CountOffset = 10;
    private const int MacOffset = 0, MtuOffset = 10;
    private const int MostDescriptors = 2048;
    private static readonly TimeSpan s_poolRetry = TimeSpan.FromMilliseconds(1);

    private readonly VirtioDevice _device;
    private readonly WaitPoint _wait = new();
    private readonly SplitQueue _receive, _transmit;
    private readonly int _maxFrame;
    private BufferPool? _pool;
    private bool _isClosed, _hasInterrupted;

    private VirtioNetDevice(VirtioDevice device, VirtioNetSettings settings)
    {
        _device = device;
        var transport = device.Transport;
        if (transport.DeviceType != NetworkType) throw new VirtioException($"The device is of type {transport.DeviceType}, no network card.");
        ulong features = transport.Begin(Bit(MtuFeature) | Bit(MacFeature) | Bit(MergeableBuffers) | Bit(VirtioTransport.IndirectDescriptors) | Bit(VirtioTransport.EventIndex));
        if ((features & Bit(MergeableBuffers)) == 0) throw new VirtioException("The network card cannot merge receive buffers (VIRTIO_NET_F_MRG_RXBUF).");
        Capabilities = new()
        {
            Mac = (features & Bit(MacFeature)) != 0 ? ReadMac(transport) : default,
            Mtu = settings.Mtu ?? ((features & Bit(MtuFeature)) != 0 ? transport.ReadConfiguration16(MtuOffset) : 1500),
        };
        if (Capabilities.Mtu is < 68 or > 65535) throw new VirtioException($"An MTU of {Capabilities.Mtu} octets is none of Ethernet's.");
        _maxFrame = Math.Min(Capabilities.Mtu + 18, PacketBuffer.MaxLength);
        _receive = device.CreateQueue(ReceiveQueue, Math.Min(settings.QueueSize, MostDescriptors), features);
        _transmit = device.CreateQueue(TransmitQueue, Math.Min(settings.QueueSize, MostDescriptors), features);
        _waiting = new PacketBuffer?[_receive.Size];
        _sending = new PacketBuffer?[_transmit.Size];
        _done = new DoneQueue(_transmit.Size * 2);
        if ((features & Bit(VirtioTransport.IndirectDescriptors)) != 0) _tableLength = TableLength(device.Memory, _transmit);
        if (_tableLength > 0) _tables = device.Memory.Take(_transmit.Size * _tableLength * DescriptorSize, DescriptorSize);
        PoolMemory = TakePoolMemory(device.Memory);
    }

    /// <summary>All of the memory that the device reaches, but its queues: for the one pool of the loop that owns the device.</summary>
    public MemoryRegion PoolMemory { get; }

    /// <inheritdoc/>
    public NetworkDeviceCapabilities Capabilities { get; }

    /// <summary>What the driver has counted.</summary>
    public DeviceCounters Counters { get; } = new();

    /// <inheritdoc/>
    public bool IsUp => DownReason is null;

    /// <summary>Why the device is down, in words for a log; null while it is up.</summary>
    public string? DownReason { get; private set; }

    /// <summary>Opens <c>/dev/uioN</c>.</summary>
    /// <exception cref="IOException">One line says what is wrong.</exception>
    public static VirtioNetDevice Open(int number, VirtioNetSettings? settings = null)
    {
        var device = VirtioDevice.Open(number);
        try
        {
            return new(device, settings ?? new());
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    internal static VirtioNetDevice Open(VirtioDevice device, VirtioNetSettings? settings = null) => new(device, settings ?? new());

    /// <summary>Gives the device the loop's pool, made of <see cref="PoolMemory"/>, and lets it begin.</summary>
    public void Attach(BufferPool pool)
    {
        if (_pool is not null) throw new InvalidOperationException("The device has its pool.");
        _pool = pool;
        _device.Transport.Start();
        Refill();
        _receive.DisableInterrupt();
        _transmit.DisableInterrupt();
        _device.Transport.Notify(ReceiveQueue);
        _receive.MarkNotified();
        _device.Interrupt.Open();
    }

    /// <inheritdoc/>
    public void Wait(TimeSpan timeout)
    {
        // Where barriers get lost, whoever was not told is told before sleeping.
        if (VirtioTransport.LosesBarriers && _transmit.MayBeUnseen) Notify(TransmitQueue, _transmit);
        if (VirtioTransport.LosesBarriers && _receive.MayBeUnseen) Notify(ReceiveQueue, _receive);
        CloseInterrupt();
        _receive.EnableInterrupt();
        // Full queues wait for half of what is out, so that an interrupt is worth its cost.
        if (_isFull) _transmit.EnableInterrupt(Math.Max(1, _transmit.OutCount / 2));
        // What came until now is told by no interrupt.
        _device.Transport.Order();
        if (IsUp && (_receive.HasUsed || (_isFull && _transmit.HasUsed))) timeout = TimeSpan.Zero;
        if (_poolWasEmpty && (timeout < TimeSpan.Zero || timeout > s_poolRetry)) timeout = s_poolRetry;
        short ready = _wait.Wait(IsUp ? _device.Interrupt.Descriptor : -1, Libc.PollIn, timeout);
        _receive.DisableInterrupt();
        _transmit.DisableInterrupt();
        if (ready == 0) return;
        _device.Interrupt.Take();
        _hasInterrupted = true;
    }

    // The card hears that its interrupt was seen before the next one is asked for, and not before: what it has brought is on its way by then.
    private void CloseInterrupt()
    {
        if (!_hasInterrupted) return;
        _hasInterrupted = false;
        _device.Transport.AcknowledgeInterrupt();
        _device.Interrupt.Open();
    }

    /// <inheritdoc/>
    public void Wake() => _wait.Wake();

    /// <summary>Stops the device and gives all frames back to their pool. The loop's thread, or after it has ended.</summary>
    public void Dispose()
    {
        if (_isClosed) return;
        _isClosed = true;
        DownReason ??= "the device was closed";
        // Reset first: from then on the device touches no memory.
        _device.Dispose();
        _wait.Dispose();
        Release(_waiting);
        Release(_sending);
        _partial?.Release();
        _partial = null;
        _done.Release();
    }

    private static ulong Bit(int feature) => 1UL << feature;

    private static MacAddress ReadMac(VirtioTransport transport)
    {
        ulong value = 0;
        for (int i = 0; i < 6; i++) value = (value << 8) | transport.ReadConfiguration8(MacOffset + i);
        return new(value);
    }

    private static void Release(PacketBuffer?[] frames)
    {
        for (int i = 0; i < frames.Length; i++)
        {
            frames[i]?.Release();
            frames[i] = null;
        }
    }

    private static MemoryRegion TakePoolMemory(DmaMemory memory)
    {
        int length = (memory.Left - 4096) & -PoolBlock.Size;
        return MemoryRegion.FromPointer(memory.Take(length, 4096), length);
    }

    private void Notify(int number, SplitQueue queue)
    {
        queue.MarkNotified();
        _device.Transport.Notify(number);
    }

    private void Fail(string what)
    {
        if (!IsUp) return;
        DownReason = $"the virtio device misbehaves: {what}";
        _device.Transport.Reset();
    }
}
