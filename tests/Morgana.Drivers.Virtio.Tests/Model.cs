using System.Runtime.InteropServices;

namespace Morgana.Drivers.Virtio.Tests;

/// <summary>Memory that driver and model share. The model reaches it by the address that the driver gives; anything else is a failure of the test.</summary>
internal sealed unsafe class ModelMemory : IDisposable
{
    private const ulong Base = 0x4000_0000;
    private readonly byte* _pointer;
    private readonly int _length;

    public ModelMemory(int length = 4 << 20)
    {
        _length = length;
        _pointer = (byte*)NativeMemory.AlignedAlloc((nuint)length, 4096);
        new Span<byte>(_pointer, length).Clear();
        Dma = new(_pointer, Base, length);
    }

    public DmaMemory Dma { get; }

    public Span<byte> At(ulong address, int length)
    {
        Assert.True(address >= Base && address - Base <= (ulong)(_length - length), $"the device was sent to {address:x}, outside of its memory");
        return new(_pointer + (address - Base), length);
    }

    public ref T Ref<T>(ulong address) where T : unmanaged => ref MemoryMarshal.AsRef<T>(At(address, sizeof(T)));

    public void Dispose() => NativeMemory.AlignedFree(_pointer);
}

/// <summary>An interrupt that nobody waits for.</summary>
internal sealed class NoInterrupt : IInterrupt
{
    public int Descriptor => -1;

    public void Take()
    {
    }

    public void Open()
    {
    }

    public void Dispose()
    {
    }
}

/// <summary>One queue from the device's side: virtio 1.2, 2.7, written from the standard and not from the driver.</summary>
internal sealed class ModelQueue(ModelMemory memory)
{
    public ulong Descriptors, Available, Used;
    public int Size;
    public bool IsReady;
    public ushort NextAvailable, NextUsed;
    public int Notifications, Indirect;

    public bool HasWork => IsReady && memory.Ref<ushort>(Available + 2) != NextAvailable;

    public ushort UsedEvent => memory.Ref<ushort>(Available + 4 + ((ulong)Size * 2));

    /// <summary>The next chain: its number, and its buffers.</summary>
    public (ushort Head, List<(ulong Address, int Length, bool IsWritable)> Buffers) Take()
    {
        ushort head = memory.Ref<ushort>(Available + 4 + ((ulong)(NextAvailable++ % Size) * 2));
        var buffers = new List<(ulong, int, bool)>();
        ulong table = Descriptors;
        for (int index = head, steps = 0, count = Size; ; steps++)
        {
            Assert.True(steps < Size, "a chain goes round in a circle, or is longer than the queue");
            ulong descriptor = table + ((ulong)index * 16);
            ushort flags = memory.Ref<ushort>(descriptor + 12);
            if ((flags & 4) != 0)
            {
                // 2.7.5.3: the chain lies in a table of its own, from its beginning; no table in a table, and none behind other descriptors.
                Assert.True(steps == 0 && flags == 4, "an indirect descriptor stands by itself");
                uint length = memory.Ref<uint>(descriptor + 8);
                Assert.True(length > 0 && length % 16 == 0);
                (table, count, index) = (memory.Ref<ulong>(descriptor), (int)length / 16, 0);
                Indirect++;
                continue;
            }

            buffers.Add((memory.Ref<ulong>(descriptor), (int)memory.Ref<uint>(descriptor + 8), (flags & 2) != 0));
            if ((flags & 1) == 0) break;
            index = memory.Ref<ushort>(descriptor + 14);
            Assert.InRange(index, 0, count - 1);
        }

        // 2.7.10: where the driver's next notification is wanted.
        memory.Ref<ushort>(Used + 4 + ((ulong)Size * 8)) = NextAvailable;
        return (head, buffers);
    }

    public void GiveBack(uint head, uint length)
    {
        ulong element = Used + 4 + ((ulong)(NextUsed++ % Size) * 8);
        memory.Ref<uint>(element) = head;
        memory.Ref<uint>(element + 4) = length;
        memory.Ref<ushort>(Used + 2) = NextUsed;
    }
}

/// <summary>A virtio device behind memory-mapped registers: virtio 1.2, 4.2.2.</summary>
internal class ModelDevice(ModelMemory memory, uint type) : IRegisters
{
    public readonly ModelQueue[] Queues = [new(memory), new(memory), new(memory), new(memory), new(memory), new(memory)];
    public readonly byte[] Configuration = new byte[256];
    public uint Version = 2;
    public int MostDescriptors = 256;
    public ulong Offered = 1UL << VirtioTransport.Version1;
    public ulong Accepted;
    public byte Status;
    public bool RefusesFeatures;
    public uint InterruptStatus;

    /// <summary>Reads and writes of registers so far: each is a way out of the machine.</summary>
    public int Accesses;
    private uint _deviceSelect, _driverSelect, _queueSelect;

    protected ModelMemory Memory => memory;

    private ModelQueue? Queue => _queueSelect < Queues.Length ? Queues[_queueSelect] : null;

    public byte Read8(int offset) => Configuration[offset - 0x100];

    public ushort Read16(int offset) => BitConverter.ToUInt16(Configuration, offset - 0x100);

    public uint Read32(int offset)
    {
        Accesses++;
        return Register(offset);
    }

    private uint Register(int offset) => offset switch
    {
        0x00 => 0x74726976,
        0x04 => Version,
        0x08 => type,
        0x10 => (uint)(Offered >> (_deviceSelect == 1 ? 32 : 0)),
        0x34 => Queue is null ? 0 : (uint)MostDescriptors,
        0x44 => Queue is { IsReady: true } ? 1u : 0,
        0x60 => InterruptStatus,
        0x70 => Status,
        >= 0x100 => BitConverter.ToUInt32(Configuration, offset - 0x100),
        _ => throw new InvalidOperationException($"Register {offset:x} cannot be read."),
    };

    public void Write8(int offset, byte value) => throw new InvalidOperationException("Registers are written whole.");

    public void Write16(int offset, ushort value) => throw new InvalidOperationException("Registers are written whole.");

    public void Write32(int offset, uint value)
    {
        Accesses++;
        switch (offset)
        {
            case 0x14: _deviceSelect = value; break;
            case 0x24: _driverSelect = value; break;
            case 0x20: Accepted |= (ulong)value << (_driverSelect == 1 ? 32 : 0); break;
            case 0x30: _queueSelect = value; break;
            case 0x38: Queue!.Size = (int)value; break;
            case 0x44: Queue!.IsReady = value == 1; break;
            case 0x50: Queues[value].Notifications++; HandleNotification((int)value); break;
            case 0x64: InterruptStatus &= ~value; break;
            case 0x70: SetStatus((byte)value); break;
            case 0x80: Queue!.Descriptors = value; break;
            case 0x84: Queue!.Descriptors |= (ulong)value << 32; break;
            case 0x90: Queue!.Available = value; break;
            case 0x94: Queue!.Available |= (ulong)value << 32; break;
            case 0xa0: Queue!.Used = value; break;
            case 0xa4: Queue!.Used |= (ulong)value << 32; break;
            default: throw new InvalidOperationException($"Register {offset:x} cannot be written.");
        }
    }

    protected virtual void HandleNotification(int queue)
    {
    }

    private void SetStatus(byte value)
    {
        Status = value;
        if (RefusesFeatures) Status &= unchecked((byte)~8);
        if (value != 0) return;
        foreach (var queue in Queues) (queue.IsReady, queue.NextAvailable, queue.NextUsed) = (false, 0, 0);
        Accepted = 0;
    }
}

/// <summary>A network card. What is sent is kept; frames are received when the test says so.</summary>
internal sealed class ModelCard : ModelDevice
{
    public const int HeaderSize = 12;
    public readonly List<byte[]> Sent = [];

    /// <summary>Keeps what is sent in the queue until <see cref="FinishSending"/>.</summary>
    public bool IsSlow;

    public ModelCard(ModelMemory memory) : base(memory, type: 1)
    {
        Offered |= (1UL << 3) | (1UL << 5) | (1UL << 15) | (1UL << VirtioTransport.EventIndex);
        new byte[] { 2, 0, 10, 0, 2, 15 }.CopyTo(Configuration, 0);
        BitConverter.TryWriteBytes(Configuration.AsSpan(10), (ushort)9000);
    }

    public ModelQueue Receiving => Queues[0];

    public ModelQueue Sending => Queues[1];

    /// <summary>Brings a frame into as many buffers as it needs.</summary>
    /// <returns>False when there are too few.</returns>
    public bool Deliver(byte[] frame, ushort? claimedBuffers = null)
    {
        byte[] octets = [.. new byte[HeaderSize], .. frame];
        var filled = new List<(ushort Head, int Written, ulong First)>();
        for (int done = 0; done < octets.Length;)
        {
            if (!Receiving.HasWork) return false;
            var (head, buffers) = Receiving.Take();
            Assert.All(buffers, b => Assert.True(b.IsWritable));
            int written = Math.Min(buffers[0].Length, octets.Length - done);
            octets.AsSpan(done, written).CopyTo(Memory.At(buffers[0].Address, written));
            filled.Add((head, written, buffers[0].Address));
            done += written;
        }

        Memory.Ref<ushort>(filled[0].First + 10) = claimedBuffers ?? (ushort)filled.Count;
        foreach (var (head, written, _) in filled) Receiving.GiveBack(head, (uint)written);
        return true;
    }

    public void FinishSending()
    {
        while (Sending.HasWork)
        {
            var (head, buffers) = Sending.Take();
            byte[] octets = [.. buffers.SelectMany(b => Memory.At(b.Address, b.Length).ToArray())];
            Assert.All(buffers, b => Assert.False(b.IsWritable));
            Assert.All(octets[..HeaderSize], o => Assert.Equal(0, o));
            Sent.Add(octets[HeaderSize..]);
            Sending.GiveBack(head, 0);
        }
    }

    protected override void HandleNotification(int queue)
    {
        if (queue == 1 && !IsSlow) FinishSending();
    }
}
