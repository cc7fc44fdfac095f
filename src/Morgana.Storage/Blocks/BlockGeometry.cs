using System.Numerics;

namespace Morgana.Storage;

/// <summary>What a block device is and can do. Fixed while the device lives.</summary>
public sealed record BlockGeometry
{
    /// <summary>The smallest sector: 512 octets.</summary>
    public const int MinSectorSize = 512;

    /// <summary>The largest sector: 64 KB.</summary>
    public const int MaxSectorSize = 65536;

    /// <summary>A geometry.</summary>
    /// <param name="sectorSize">Octets in a sector: a power of two from 512 to 65,536.</param>
    /// <param name="sectorCount">Sectors on the device.</param>
    public BlockGeometry(int sectorSize, long sectorCount)
    {
        if (sectorSize is < MinSectorSize or > MaxSectorSize || !BitOperations.IsPow2(sectorSize))
            throw new ArgumentOutOfRangeException(nameof(sectorSize), sectorSize, "A sector has a power of two of octets, from 512 to 65,536.");
        ArgumentOutOfRangeException.ThrowIfNegative(sectorCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sectorCount, long.MaxValue / sectorSize);
        SectorSize = sectorSize;
        SectorCount = sectorCount;
    }

    /// <summary>Octets in a sector: what is read and written is whole sectors, and a power cut tears no smaller piece than one.</summary>
    public int SectorSize { get; }

    /// <summary>Sectors on the device; they are numbered from 0.</summary>
    public long SectorCount { get; }

    /// <summary>Octets on the device.</summary>
    public long Length => SectorCount * SectorSize;

    /// <summary>Whether it cannot be written.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>What it can do beyond reading and writing.</summary>
    public BlockCapabilities Capabilities { get; init; }
}

/// <summary>What a block device can do beyond reading and writing.</summary>
[Flags]
public enum BlockCapabilities
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Its sectors lie in memory: <see cref="IBlockDevice.TryRead"/> always reads at once.</summary>
    Memory = 1,

    /// <summary>What was flushed survives power loss. Without it, a flush only orders.</summary>
    Durable = 2,

    /// <summary>Discarding gives storage back. Without it, it does nothing.</summary>
    Discard = 4,

    /// <summary>Discarded sectors read as zeroes. Without it, what they read is not determined.</summary>
    DiscardZeroes = 8,

    /// <summary>Zeroes are written without sending them, and may take no storage. Without it, they are written like any octets.</summary>
    WriteZeroes = 16,
}
