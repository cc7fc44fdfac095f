namespace Morgana.Drivers.Virtio;

/// <summary>Memory in one piece that the device reaches too. It is handed out from the front, and never given back: queues and pools live as long as their device.</summary>
/// <param name="pointer">Where the program sees it.</param>
/// <param name="address">Where the device sees it.</param>
/// <param name="length">Octets.</param>
/// <remarks>
/// Without an IOMMU the device could reach all memory, not just this: whoever drives a device is trusted with the machine. In a virtual
/// machine with one application that is the application.
/// </remarks>
internal sealed unsafe class DmaMemory(byte* pointer, ulong address, int length)
{
    private int _used;

    /// <summary>Octets that are left.</summary>
    public int Left => length - _used;

    /// <summary>Takes a piece.</summary>
    /// <param name="size">Octets.</param>
    /// <param name="alignment">A power of two, for the device's address too.</param>
    public byte* Take(int size, int alignment)
    {
        int start = (_used + alignment - 1) & -alignment;
        if (size > length - start) throw new VirtioException($"{length} octets of memory for the device are too few.");
        _used = start + size;
        return pointer + start;
    }

    /// <summary>Where the device sees what lies at <paramref name="place"/>.</summary>
    public ulong AddressOf(byte* place) => address + (ulong)(place - pointer);

    /// <summary>Whether <paramref name="size"/> octets at <paramref name="place"/> lie within.</summary>
    public bool Contains(byte* place, int size) => place >= pointer && place - pointer <= length - size;
}
