namespace Morgana.Drivers.Virtio.Tests;

/// <summary>A console with one port: virtio 1.2, 5.3.</summary>
internal sealed class ModelConsole : ModelDevice
{
    public readonly object Gate = new();
    public readonly ModelInterrupt Interrupt = new();
    public readonly List<byte> Said = [];

    /// <summary>Takes nothing until <see cref="Release"/>.</summary>
    public bool IsSlow;

    /// <summary>A chain that it gives back instead of the right one.</summary>
    public uint? WrongChain;

    private readonly ModelMemory _memory;

    public ModelConsole(ModelMemory memory) : base(memory, type: 3)
    {
        _memory = memory;
        Offered |= 1UL << VirtioTransport.EventIndex;
    }

    private ModelQueue Input => Queues[0];

    private ModelQueue Output => Queues[1];

    /// <summary>Takes so many chains, the first first.</summary>
    public int Release(int most = int.MaxValue)
    {
        lock (Gate)
        {
            int count = 0;
            for (; count < most && Output.HasWork; count++)
            {
                var (head, buffers) = Output.Take();
                Assert.All(buffers, b => Assert.False(b.IsWritable));
                foreach (var (address, length, _) in buffers) Said.AddRange(_memory.At(address, length).ToArray());
                GiveBack(Output, WrongChain ?? head, 0);
            }

            return count;
        }
    }

    /// <summary>Types so much as there is room for.</summary>
    public int Type(ReadOnlySpan<byte> octets, uint? claimed = null)
    {
        lock (Gate)
        {
            int done = 0;
            while (done < octets.Length && Input.HasWork)
            {
                var (head, buffers) = Input.Take();
                var (address, length, isWritable) = Assert.Single(buffers);
                Assert.True(isWritable);
                int count = Math.Min(length, octets.Length - done);
                octets.Slice(done, count).CopyTo(_memory.At(address, count));
                GiveBack(Input, head, claimed ?? (uint)count);
                done += count;
            }

            return done;
        }
    }

    protected override void HandleNotification(int queue)
    {
        if (queue == 1 && !IsSlow) Release();
    }

    private void GiveBack(ModelQueue queue, uint head, uint length)
    {
        queue.GiveBack(head, length);
        // 2.7.10: only where the driver wants to hear of it.
        if ((ushort)(queue.NextUsed - queue.UsedEvent - 1) != 0) return;
        InterruptStatus |= 1;
        Interrupt.Raise();
    }
}
