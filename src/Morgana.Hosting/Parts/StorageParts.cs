using Morgana.Composition;
using Morgana.Drivers.Virtio;
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

    /// <summary>A folder of the host's.</summary>
    [Provides(Targets = Targets.Process | Targets.Managed, Help = "a folder of the host's")]
    public static IKeyValueStore HostDirectory([BootArgument(Help = "The folder.", Value = "FOLDER")] string folder) => DirectoryStore.Open(folder);

    /// <summary>A store on a block device: what it has acknowledged survives power loss. A device of zeroes is made one.</summary>
    [Provides(Help = "a durable store on a block device")]
    public static async ValueTask<IKeyValueStore> Log([Device] IBlockDevice disk, TimeProvider clock, CancellationToken starting) =>
        await LogStore.OpenAsync(disk, new() { Clock = clock }, starting).ConfigureAwait(false);

    /// <summary>A tar archive on a block device.</summary>
    [Provides(Help = "a tar archive")]
    public static async ValueTask<IReadOnlyKeyValueStore> Tar([Device] IBlockDevice archive, CancellationToken starting) => await TarStore.OpenAsync(archive, null, starting).ConfigureAwait(false);

    /// <summary>A block device that is gone when the program ends.</summary>
    [Provides(Help = "a block device in memory")]
    public static IBlockDevice MemoryDisk([BootArgument(Help = "How large the device is.")] ByteSize? size = null) => new MemoryBlockDevice((size?.Octets ?? 16L << 20) / 512);

    /// <summary>Any store can be read.</summary>
    [Provides(Help = "a store, for reading alone")]
    public static IReadOnlyKeyValueStore ReadOnly([Device] IKeyValueStore store) => store;

    /// <summary>A file of the host's, or a device file.</summary>
    [Driver("file", Targets = Targets.Process | Targets.Managed | Targets.Sandbox | Targets.LinuxVm)]
    public static IBlockDevice File(DeviceHandle device)
    {
        try
        {
            return FileBlockDevice.FromDescriptor(device.Descriptor, new() { IsReadOnly = device.Find("readonly") is not null });
        }
        catch (BlockDeviceException e)
        {
            throw new BootException($"{DeviceHandle.Variable}: {device.Name} cannot be opened: {e.Message}");
        }
    }

    /// <summary>A virtio block device, in a virtual machine.</summary>
    [Driver("virtio", Targets = Targets.Vm)]
    public static IBlockDevice Virtio(DeviceHandle device) => Virtio(device, isSynchronous: false);

    /// <summary>The same; with <paramref name="isSynchronous"/> whoever calls waits on his own thread.</summary>
    public static IBlockDevice Virtio(DeviceHandle device, bool isSynchronous)
    {
        try
        {
            return VirtioBlockDevice.Open(device.Descriptor, new() { IsReadOnly = device.Find("readonly") is not null, IsSynchronous = isSynchronous });
        }
        catch (IOException e)
        {
            throw new BootException($"{DeviceHandle.Variable}: {device.Name} cannot be opened: {e.Message}");
        }
    }

    /// <summary>A block device that is gone when the program ends, as <c>run --block NAME=memory:SIZE</c> attaches it.</summary>
    [Driver("memory")]
    public static IBlockDevice Memory(DeviceHandle device) =>
        ByteSize.TryParse(device.Find("size") ?? "16M", null, out var size) && size.Octets >= 512
            ? new MemoryBlockDevice(size.Octets / 512)
            : throw new BootException($"{DeviceHandle.Variable}: size={device.Find("size")} of {device.Name}: expected a size such as 16M.");
}
