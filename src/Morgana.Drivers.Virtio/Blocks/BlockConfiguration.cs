using System.Numerics;
using Morgana.Storage;

namespace Morgana.Drivers.Virtio;

/// <summary>What the device says about itself: virtio 1.2, 5.2.3 and 5.2.4.</summary>
internal sealed class BlockConfiguration
{
    private const int SizeMaxFeature = 1, SegMaxFeature = 2, ReadOnlyFeature = 5, BlockSizeFeature = 6, FlushFeature = 9, DiscardFeature = 13, WriteZeroesFeature = 14;
    private const int Capacity = 0, SizeMax = 8, SegMax = 12, BlockSize = 20, MaxDiscardSectors = 36, MaxWriteZeroesSectors = 48, WriteZeroesMayUnmap = 56;

    /// <summary>The features that the driver has a use for.</summary>
    public const ulong Wanted = 1UL << SizeMaxFeature | 1UL << SegMaxFeature | 1UL << ReadOnlyFeature | 1UL << BlockSizeFeature | 1UL << FlushFeature | 1UL << DiscardFeature
        | 1UL << WriteZeroesFeature | 1UL << VirtioTransport.IndirectDescriptors | 1UL << VirtioTransport.EventIndex;

    public required BlockGeometry Geometry { get; init; }

    public bool IsIndirect { get; init; }

    public bool HasEventIndex { get; init; }

    /// <summary>Octets in one buffer of a chain.</summary>
    public int MostPerBuffer { get; init; }

    /// <summary>Buffers with content in one chain.</summary>
    public int MostBuffers { get; init; }

    /// <summary>Sectors of 512 octets in one range to discard, or to fill with zeroes.</summary>
    public long MostDiscard { get; init; }

    public long MostZeroes { get; init; }

    public bool ZeroesMayUnmap { get; init; }

    /// <summary>Reads it, after the features were agreed on.</summary>
    /// <exception cref="VirtioException">It is nothing that a device can be.</exception>
    public static BlockConfiguration Read(VirtioTransport transport, ulong features, bool isReadOnly)
    {
        bool Has(int feature) => (features >> feature & 1) != 0;
        uint sectorSize = Has(BlockSizeFeature) ? transport.ReadConfiguration32(BlockSize) : BlockRequest.SectorSize;
        if (sectorSize is < BlockGeometry.MinSectorSize or > BlockGeometry.MaxSectorSize || !BitOperations.IsPow2(sectorSize))
            throw new VirtioException($"The block device has sectors of {sectorSize} octets, which is no power of two from 512 to 65,536.");
        ulong capacity = ReadCapacity(transport);
        if (capacity > long.MaxValue / BlockRequest.SectorSize) throw new VirtioException($"The block device has {capacity} sectors, it says.");
        // 5.2.5: with these two features the device must say at least 1.
        uint mostDiscard = Has(DiscardFeature) ? transport.ReadConfiguration32(MaxDiscardSectors) : 0;
        uint mostZeroes = Has(WriteZeroesFeature) ? transport.ReadConfiguration32(MaxWriteZeroesSectors) : 0;
        uint perSector = sectorSize / BlockRequest.SectorSize;
        uint mostPerBuffer = Has(SizeMaxFeature) ? transport.ReadConfiguration32(SizeMax) : int.MaxValue;
        if (mostPerBuffer < BlockMemory.PageSize) throw new VirtioException($"The block device takes buffers of {mostPerBuffer} octets, and {BlockMemory.PageSize} are the least that this driver has.");
        uint mostBuffers = Has(SegMaxFeature) ? transport.ReadConfiguration32(SegMax) : int.MaxValue;
        return new()
        {
            Geometry = new((int)sectorSize, (long)(capacity / perSector))
            {
                IsReadOnly = isReadOnly || Has(ReadOnlyFeature),
                Capabilities = (Has(FlushFeature) ? BlockCapabilities.Durable : 0) | (mostDiscard >= perSector ? BlockCapabilities.Discard : 0) | (mostZeroes >= perSector ? BlockCapabilities.WriteZeroes : 0),
            },
            IsIndirect = Has(VirtioTransport.IndirectDescriptors),
            HasEventIndex = Has(VirtioTransport.EventIndex),
            MostPerBuffer = (int)Math.Min(mostPerBuffer, int.MaxValue),
            MostBuffers = (int)Math.Clamp(mostBuffers, 1, int.MaxValue),
            MostDiscard = mostDiscard / perSector * perSector,
            MostZeroes = mostZeroes / perSector * perSector,
            ZeroesMayUnmap = Has(WriteZeroesFeature) && transport.ReadConfiguration8(WriteZeroesMayUnmap) != 0,
        };
    }

    // 2.5.3: what is read in two steps may change in between.
    private static ulong ReadCapacity(VirtioTransport transport)
    {
        while (true)
        {
            uint high = transport.ReadConfiguration32(Capacity + 4), low = transport.ReadConfiguration32(Capacity);
            if (transport.ReadConfiguration32(Capacity + 4) == high) return ((ulong)high << 32) | low;
        }
    }
}
