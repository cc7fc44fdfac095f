namespace Morgana.Drivers.Virtio;

/// <summary>What a request asks the device for: virtio 1.2, 5.2.6.</summary>
internal enum BlockOperation : uint
{
    Read = 0,
    Write = 1,
    Flush = 4,
    Discard = 11,
    WriteZeroes = 13,
}

/// <summary>One request as the device gets it, and the task that waits for it.</summary>
/// <param name="operation">What it asks for.</param>
/// <param name="sector">The first sector, of 512 octets whatever the device's own are (5.2.6).</param>
/// <param name="count">How many of them.</param>
/// <param name="memory">Where they come from, or go to; nothing where no content goes along.</param>
internal sealed class BlockRequest(BlockOperation operation, long sector, long count, ReadOnlyMemory<byte>[] memory)
    : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
{
    /// <summary>What the standard calls a sector.</summary>
    public const int SectorSize = 512;

    public const int NoSlot = -1;

    /// <summary>Octets of all pieces.</summary>
    public static long LengthOf(ReadOnlyMemory<byte>[] memory)
    {
        long length = 0;
        foreach (var piece in memory) length += piece.Length;
        return length;
    }

    public BlockOperation Operation => operation;

    public long Sector => sector;

    public long Count => count;

    public ReadOnlyMemory<byte>[] Memory => memory;

    /// <summary>Octets of content that go along.</summary>
    public int Length { get; } = (int)LengthOf(memory);

    /// <summary>Its place in the device's memory while the device has it.</summary>
    public int Slot { get; set; } = NoSlot;

    /// <summary>When the device has taken too long, by <see cref="Environment.TickCount64"/>.</summary>
    public long Deadline { get; set; }

    /// <summary>Whether the wait for it can be given up. What the device has and may still write cannot: a later write of the same sectors could come before it.</summary>
    public bool CanBeAbandoned => Slot == NoSlot || operation is BlockOperation.Read or BlockOperation.Flush;
}
