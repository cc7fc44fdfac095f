namespace Morgana.Drivers.Virtio;

/// <summary>A virtio device with what belongs to it: how to talk to it, memory that it reaches, and its interrupts.</summary>
internal sealed class VirtioDevice(VirtioTransport transport, DmaMemory memory, IInterrupt interrupt) : IDisposable
{
    public VirtioTransport Transport => transport;

    public DmaMemory Memory => memory;

    public IInterrupt Interrupt => interrupt;

    /// <summary>Opens <c>/dev/uioN</c>, by whichever transport the kernel shows it.</summary>
    public static VirtioDevice Open(int number)
    {
        var file = UioFile.Open(number);
        try
        {
            // By memory there is one piece of registers, by PCI there are four.
            VirtioTransport transport = file.HasMap(1)
                ? new VirtioPciTransport(file.MapRegisters(0), file.MapRegisters(1), file.MapRegisters(2), file.MapRegisters(3),
                    (uint)file.ReadNumber("notify_multiplier"), (uint)file.ReadNumber("device_type"), file.ReadNumber("messages") != 0)
                : new VirtioMmioTransport(file.MapRegisters(0));
            return new(transport, file.MapMemory(), file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Lays a queue into the memory, and tells the device.</summary>
    /// <param name="number">The queue's.</param>
    /// <param name="wanted">Descriptors at most.</param>
    /// <param name="features">What was agreed on.</param>
    public SplitQueue CreateQueue(int number, int wanted, ulong features)
    {
        int most = Math.Min(transport.ReadQueueSize(number), wanted);
        if (most < 2) throw new VirtioException($"The device has no queue {number}.");
        int size = 2;
        while (size * 2 <= most) size *= 2;
        var queue = new SplitQueue(memory, size, (features >> VirtioTransport.EventIndex & 1) != 0);
        transport.SetQueue(number, size, queue.DescriptorsAddress, queue.AvailableAddress, queue.UsedAddress);
        return queue;
    }

    public void Dispose()
    {
        transport.Reset();
        interrupt.Dispose();
    }
}
