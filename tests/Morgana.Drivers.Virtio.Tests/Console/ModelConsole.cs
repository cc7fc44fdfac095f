namespace Morgana.Drivers.Virtio.Tests;

/// <summary>A console with one port, or with a second one that is used: virtio 1.2, 5.3.</summary>
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

    /// <summary>Nobody is at the other end.</summary>
    public bool IsAlone;

    /// <summary>What the driver has said of its ports.</summary>
    public readonly List<(uint Port, ushort What, ushort Value)> Told = [];

    private readonly int _first;

    public ModelConsole(ModelMemory memory, bool hasPorts = false) : base(memory, type: 3)
    {
        _memory = memory;
        Offered |= 1UL << VirtioTransport.EventIndex;
        if (!hasPorts) return;
        Offered |= 1UL << 1;
        Configuration[4] = 2;
        _first = 4;
    }

    public ModelQueue Output => Queues[_first + 1];

    private ModelQueue Input => Queues[_first];

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
        if (queue == _first + 1 && !IsSlow) Release();
        if (queue == 3 && _first == 4) Hear();
    }

    // Messages: 0 device ready, 1 port added, 3 port ready, 6 port open, 7 its name.
    private void Hear()
    {
        while (Queues[3].HasWork)
        {
            var (head, buffers) = Queues[3].Take();
            var message = _memory.At(buffers[0].Address, 8);
            var (port, what, value) = (BitConverter.ToUInt32(message), BitConverter.ToUInt16(message[4..]), BitConverter.ToUInt16(message[6..]));
            Told.Add((port, what, value));
            Queues[3].GiveBack(head, 0);
            if (what == 0)
            {
                Tell(0, 1, 1);
                Tell(1, 1, 1);
            }

            if (what != 3 || port != 1) continue;
            Tell(1, 7, 1, "output"u8);
            if (!IsAlone) Tell(1, 6, 1);
        }
    }

    private void Tell(uint port, ushort what, ushort value, ReadOnlySpan<byte> more = default)
    {
        var (head, buffers) = Queues[2].Take();
        byte[] message = [.. BitConverter.GetBytes(port), .. BitConverter.GetBytes(what), .. BitConverter.GetBytes(value), .. more];
        message.CopyTo(_memory.At(buffers[0].Address, message.Length));
        Queues[2].GiveBack(head, (uint)message.Length);
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
