namespace Morgana.Storage;

/// <summary>Octets of a device at any offset, for formats that do not care for its sectors.</summary>
internal static class BlockReader
{
    /// <summary>Reads octets from anywhere on the device.</summary>
    /// <exception cref="StoreException">The device failed.</exception>
    public static async ValueTask ReadOctetsAsync(this IBlockDevice device, long offset, Memory<byte> destination, CancellationToken cancel)
    {
        int size = device.Geometry.SectorSize;
        long first = offset / size;
        int skip = (int)(offset % size);
        if (skip == 0 && destination.Length % size == 0)
        {
            await ReadAsync(device, first, destination, cancel).ConfigureAwait(false);
            return;
        }

        long last = (offset + destination.Length + size - 1) / size;
        byte[] sectors = new byte[checked((int)((last - first) * size))];
        await ReadAsync(device, first, sectors, cancel).ConfigureAwait(false);
        sectors.AsMemory(skip, destination.Length).CopyTo(destination);
    }

    /// <summary>A device's failure as a store's.</summary>
    public static StoreException Translate(BlockDeviceException e) => new(e.Error switch
    {
        BlockError.NoSpace => StoreError.NoSpace,
        BlockError.ReadOnly => StoreError.ReadOnly,
        _ => StoreError.Failed,
    }, $"The store's device failed: {e.Message}", e);

    private static async ValueTask ReadAsync(IBlockDevice device, long sector, Memory<byte> destination, CancellationToken cancel)
    {
        try
        {
            await device.ReadAsync(sector, destination, cancel).ConfigureAwait(false);
        }
        catch (BlockDeviceException e)
        {
            throw Translate(e);
        }
    }

    /// <summary>Octets of a device that is memory, where they lie.</summary>
    public static bool TryGetOctets(this IBlockDevice device, long offset, int length, out ReadOnlyMemory<byte> memory)
    {
        int size = device.Geometry.SectorSize;
        long first = offset / size, last = (offset + length + size - 1) / size;
        if (!device.TryGetMemory(first, (int)(last - first), out memory)) return false;
        memory = memory.Slice((int)(offset % size), length);
        return true;
    }
}
