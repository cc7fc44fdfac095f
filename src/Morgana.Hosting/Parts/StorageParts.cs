using Morgana.Composition;
using Morgana.Hosting;
using Morgana.Storage;

[assembly: Providers(typeof(StorageParts))]
[assembly: DeviceKind(typeof(IBlockDevice), "block")]

namespace Morgana.Hosting;

/// <summary>Stores, and the drivers of block devices.</summary>
public static class StorageParts
{
    /// <summary>A store that is gone when the program ends.</summary>
    [Provides(Help = "a store in memory")]
    public static IKeyValueStore Memory() => new MemoryKeyValueStore();

    /// <summary>A block device that is gone when the program ends.</summary>
    [Provides(Help = "a block device in memory")]
    public static IBlockDevice MemoryDisk([BootArgument(Help = "How large the device is.")] ByteSize? size = null) => new MemoryBlockDevice((size?.Octets ?? 16L << 20) / 512);

    /// <summary>Any store can be read.</summary>
    [Provides(Help = "a store, for reading alone")]
    public static IReadOnlyKeyValueStore ReadOnly([Device] IKeyValueStore store) => store;

    /// <summary>A block device that is gone when the program ends, as <c>run --block NAME=memory:SIZE</c> attaches it.</summary>
    [Driver("memory")]
    public static IBlockDevice Memory(DeviceHandle device) =>
        ByteSize.TryParse(device.Find("size") ?? "16M", null, out var size) && size.Octets >= 512
            ? new MemoryBlockDevice(size.Octets / 512)
            : throw new BootException($"{DeviceHandle.Variable}: size={device.Find("size")} of {device.Name}: expected a size such as 16M.");
}
