using System.Buffers.Binary;

namespace Morgana.Drivers.Virtio.Tests;

/// <summary>A request as the model has found it in the queue.</summary>
internal sealed record ModelRequest(ushort Head, uint Type, ulong Sector, List<(ulong Address, int Length, bool IsWritable)> Buffers)
{
    public ulong Status => Buffers[^1].Address;

    public IEnumerable<(ulong Address, int Length, bool IsWritable)> Content => Buffers.Skip(1).SkipLast(1);

    public int Length => Content.Sum(b => b.Length);
}

/// <summary>A disk: virtio 1.2, 5.2, written from the standard and not from the driver. What was not flushed is apart from what was.</summary>
internal sealed class ModelDisk : ModelDevice
{
    public const uint Read = 0, Write = 1, Flush = 4, Discard = 11, WriteZeroes = 13;
    public const byte Done = 0, Failed = 1, Unsupported = 2;
    public const int SizeMax = 1, SegMax = 2, ReadOnly = 5, BlockSize = 6, FlushFeature = 9, DiscardFeature = 13, WriteZeroesFeature = 14;

    public readonly object Gate = new();
    public readonly ModelInterrupt Interrupt = new();
    public readonly List<ModelRequest> Held = [];
    public readonly List<string> Violations = [];
    public readonly List<(uint Type, ulong Sector, int Length)> Seen = [];

    /// <summary>What is read.</summary>
    public readonly byte[] Content;

    /// <summary>What a power cut leaves.</summary>
    public readonly byte[] Flushed;

    /// <summary>Keeps requests until <see cref="Release"/>.</summary>
    public bool Holds;

    /// <summary>Answers as it should, but raises no interrupt.</summary>
    public bool LosesInterrupts;

    /// <summary>Another status than the right one.</summary>
    public Func<ModelRequest, byte?> Refuses = _ => null;

    public ModelDisk(ModelMemory memory, int sectors, ulong features) : base(memory, type: 2)
    {
        Offered |= features;
        Content = new byte[sectors * 512];
        Flushed = new byte[sectors * 512];
        Set(0, (ulong)sectors);
        Set(8, uint.MaxValue);
        Set(12, 126u);
        Set(20, 512u);
        Set(36, 64u);
        Set(40, 1u);
        Set(48, 32u);
        Set(52, 1u);
        Configuration[56] = 1;
    }

    public static ulong AllFeatures => Bits(SizeMax, SegMax, BlockSize, FlushFeature, DiscardFeature, WriteZeroesFeature, VirtioTransport.IndirectDescriptors, VirtioTransport.EventIndex);

    public static ulong Bits(params int[] features) => features.Aggregate(0UL, (all, f) => all | (1UL << f));

    public ModelQueue Requests => Queues[0];

    public int SectorSize => Has(BlockSize) ? (int)BitConverter.ToUInt32(Configuration, 20) : 512;

    public void Set(int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Configuration.AsSpan(offset), value);

    public void Set(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Configuration.AsSpan(offset), value);

    /// <summary>Does what was held, in an order of the random numbers' own.</summary>
    public void Release(Random? random = null)
    {
        lock (Gate)
        {
            Holds = false;
            while (Held.Count > 0)
            {
                int index = random?.Next(Held.Count) ?? 0;
                var request = Held[index];
                Held.RemoveAt(index);
                Perform(request);
            }
        }
    }

    /// <summary>Gives a request back by words of the test's own.</summary>
    public void Answer(uint head, uint length)
    {
        ushort before = Requests.NextUsed;
        Requests.GiveBack(head, length);
        // 2.7.7 and 2.7.10: whether the driver wants to hear of it.
        bool wanted = Has(VirtioTransport.EventIndex) ? (ushort)(Requests.NextUsed - Requests.UsedEvent - 1) < (ushort)(Requests.NextUsed - before) : Memory.Ref<ushort>(Requests.Available) == 0;
        if (!wanted || LosesInterrupts) return;
        InterruptStatus |= 1;
        Interrupt.Raise();
    }

    protected override void HandleNotification(int queue)
    {
        lock (Gate)
        {
            while (Requests.HasWork)
            {
                var (head, buffers) = Requests.Take();
                var header = Memory.At(buffers[0].Address, 16);
                var request = new ModelRequest(head, BinaryPrimitives.ReadUInt32LittleEndian(header), BinaryPrimitives.ReadUInt64LittleEndian(header[8..]), buffers);
                Check(request);
                Seen.Add((request.Type, request.Sector, request.Length));
                if (Holds) Held.Add(request);
                else Perform(request);
            }
        }
    }

    private bool Has(int feature) => (Accepted >> feature & 1) != 0;

    private void Check(ModelRequest request)
    {
        bool reads = request.Type == Read;
        Demand(request.Buffers[0] is { Length: 16, IsWritable: false }, "the header is 16 octets to read");
        Demand(request.Buffers[^1] is { Length: 1, IsWritable: true }, "the status is an octet to write");
        Demand(Memory.Ref<uint>(request.Buffers[0].Address + 4) == 0, "what is reserved is zero");
        Demand(request.Content.All(b => b.IsWritable == reads), "content goes one way");
        Demand(request.Type is Read or Write || request.Sector == 0, "the sector is for reading and writing");
        Demand(request.Type is not (Read or Write) || request.Length % SectorSize == 0, "sectors are whole");
        Demand(!Has(SegMax) || request.Content.Count() <= BitConverter.ToUInt32(Configuration, 12), "no more buffers than seg_max");
        Demand(!Has(SizeMax) || request.Content.All(b => b.Length <= BitConverter.ToUInt32(Configuration, 8)), "no buffer longer than size_max");
        Demand(!Has(ReadOnly) || reads, "nothing is written to what can only be read");
        Demand(request.Type switch { Flush => Has(FlushFeature), Discard => Has(DiscardFeature), WriteZeroes => Has(WriteZeroesFeature), _ => true }, "nothing is asked that was not offered");

        void Demand(bool holds, string rule)
        {
            if (!holds) Violations.Add($"{rule}: {request}");
        }
    }

    private void Perform(ModelRequest request)
    {
        byte status = Refuses(request) ?? request.Type switch
        {
            Read or Write => Transfer(request),
            Flush => MakeDurable(),
            Discard or WriteZeroes => Clear(request),
            _ => Unsupported,
        };
        Memory.Ref<byte>(request.Status) = status;
        Answer(request.Head, request.Type == Read && status == Done ? (uint)request.Length + 1 : 1);
    }

    private byte Transfer(ModelRequest request)
    {
        ulong at = request.Sector * 512;
        if (at + (ulong)request.Length > (ulong)Content.Length) return Failed;
        foreach (var (address, length, _) in request.Content)
        {
            var memory = Memory.At(address, length);
            if (request.Type == Read) Content.AsSpan((int)at, length).CopyTo(memory);
            else memory.CopyTo(Content.AsSpan((int)at));
            at += (ulong)length;
        }

        if (!Has(FlushFeature) && request.Type == Write) MakeDurable();
        return Done;
    }

    private byte Clear(ModelRequest request)
    {
        byte[] range = [.. request.Content.SelectMany(b => Memory.At(b.Address, b.Length).ToArray())];
        ulong sector = BinaryPrimitives.ReadUInt64LittleEndian(range);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(range.AsSpan(8)), flags = BinaryPrimitives.ReadUInt32LittleEndian(range.AsSpan(12));
        bool isDiscard = request.Type == Discard;
        // 5.2.6.2: what a device refuses.
        if (range.Length != 16 || flags > 1 || (isDiscard && flags != 0) || count > BitConverter.ToUInt32(Configuration, isDiscard ? 36 : 48)) return Unsupported;
        if (sector + count > (ulong)Content.Length / 512) return Failed;
        Content.AsSpan((int)sector * 512, (int)count * 512).Fill(isDiscard ? (byte)0xdd : (byte)0);
        return Done;
    }

    private byte MakeDurable()
    {
        Content.CopyTo(Flushed, 0);
        return Done;
    }
}
