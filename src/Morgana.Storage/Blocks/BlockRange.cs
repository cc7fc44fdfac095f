namespace Morgana.Storage;

/// <summary>The checks with which every device begins, so that all refuse the same requests in the same words.</summary>
public static class BlockRange
{
    /// <summary>Checks that <paramref name="octets"/> are whole sectors from <paramref name="sector"/> on, which the device has.</summary>
    /// <exception cref="ArgumentException">They are no whole number of sectors.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The device ends before.</exception>
    public static void Check(this BlockGeometry geometry, long sector, long octets)
    {
        if (octets % geometry.SectorSize != 0)
            throw new ArgumentException($"{octets} octets are no whole number of sectors of {geometry.SectorSize}.", nameof(octets));
        geometry.CheckCount(sector, octets / geometry.SectorSize);
    }

    /// <summary>Checks that the device has <paramref name="count"/> sectors from <paramref name="sector"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It has not.</exception>
    public static void CheckCount(this BlockGeometry geometry, long sector, long count)
    {
        // Every length is a lie until checked: the sum could overflow, the difference cannot.
        if (sector < 0 || sector > geometry.SectorCount) throw new ArgumentOutOfRangeException(nameof(sector), sector, $"The device has {geometry.SectorCount} sectors.");
        if (count < 0 || count > geometry.SectorCount - sector)
            throw new ArgumentOutOfRangeException(nameof(count), count, $"The device ends {geometry.SectorCount - sector} sectors after sector {sector}.");
    }

    /// <summary>Checks that the device can be written.</summary>
    /// <exception cref="BlockDeviceException">It cannot: <see cref="BlockError.ReadOnly"/>.</exception>
    public static void CheckWritable(this BlockGeometry geometry)
    {
        if (geometry.IsReadOnly) throw new BlockDeviceException(BlockError.ReadOnly, "The block device can only be read.");
    }

    /// <summary>The octets of all pieces, each of which has to be whole sectors.</summary>
    public static long LengthOf(IReadOnlyList<Memory<byte>> pieces, BlockGeometry geometry)
    {
        long length = 0;
        for (int i = 0; i < pieces.Count; i++) length += CheckPiece(pieces[i].Length, geometry);
        return length;
    }

    /// <summary>The octets of all pieces, each of which has to be whole sectors.</summary>
    public static long LengthOf(IReadOnlyList<ReadOnlyMemory<byte>> pieces, BlockGeometry geometry)
    {
        long length = 0;
        for (int i = 0; i < pieces.Count; i++) length += CheckPiece(pieces[i].Length, geometry);
        return length;
    }

    private static int CheckPiece(int length, BlockGeometry geometry) => length % geometry.SectorSize == 0
        ? length
        : throw new ArgumentException($"A piece of {length} octets is no whole number of sectors of {geometry.SectorSize}.", nameof(length));
}
