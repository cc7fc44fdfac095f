using Morgana.Storage;
using Morgana.Storage.Tests;

namespace Morgana.Drivers.Virtio.Tests;

/// <summary>The driver over a model keeps what every block device keeps, whatever the model offers.</summary>
public abstract class VirtioBlockContract : BlockDeviceContract, IDisposable
{
    private readonly ModelMemory _memory = new(1 << 20);
    private readonly List<ModelDisk> _disks = [];

    private protected abstract ModelDisk Create(ModelMemory memory);

    private protected virtual VirtioBlockSettings Settings => new();

    protected override ValueTask<IBlockDevice> OpenAsync()
    {
        Assert.Empty(_disks);                               // A device's memory is for one.
        var disk = Create(_memory);
        _disks.Add(disk);
        return new(VirtioBlockDevice.Open(new VirtioDevice(new VirtioMmioTransport(disk), _memory.Dma, disk.Interrupt), Settings));
    }

    public void Dispose()
    {
        Assert.All(_disks, d => Assert.Empty(d.Violations));
        _memory.Dispose();
        GC.SuppressFinalize(this);
    }
}

public sealed class VirtioBlockWithAllThatThereIs : VirtioBlockContract
{
    private protected override ModelDisk Create(ModelMemory memory) => new(memory, SectorCount, ModelDisk.AllFeatures);
}

public sealed class VirtioBlockThatIsWaitedForOnTheCallersThread : VirtioBlockContract
{
    private protected override VirtioBlockSettings Settings => new() { IsSynchronous = true };

    private protected override ModelDisk Create(ModelMemory memory) => new(memory, SectorCount, ModelDisk.AllFeatures);
}

public sealed class VirtioBlockWithNothingButQueues : VirtioBlockContract
{
    private protected override ModelDisk Create(ModelMemory memory) => new(memory, SectorCount, 0) { MostDescriptors = 8 };
}

public sealed class VirtioBlockWithLargeSectorsAndSmallBuffers : VirtioBlockContract
{
    private protected override ModelDisk Create(ModelMemory memory)
    {
        var disk = new ModelDisk(memory, SectorCount * 8, ModelDisk.AllFeatures);
        disk.Set(8, 4096u);
        disk.Set(12, 3u);
        disk.Set(20, 4096u);
        return disk;
    }
}

public sealed class VirtioBlockThatCanOnlyBeRead : VirtioBlockContract
{
    private protected override ModelDisk Create(ModelMemory memory)
    {
        var disk = new ModelDisk(memory, SectorCount, ModelDisk.AllFeatures | ModelDisk.Bits(ModelDisk.ReadOnly));
        new Random(42).NextBytes(disk.Content);
        return disk;
    }

    protected override byte[] InitialSector(IBlockDevice device, long sector)
    {
        byte[] all = new byte[SectorCount * 512];
        new Random(42).NextBytes(all);
        return all[((int)sector * 512)..(((int)sector + 1) * 512)];
    }
}
