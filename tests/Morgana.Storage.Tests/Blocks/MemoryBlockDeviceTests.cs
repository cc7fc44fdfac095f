namespace Morgana.Storage.Tests;

public class MemoryBlockDeviceTests : BlockDeviceContract
{
    protected override ValueTask<IBlockDevice> OpenAsync() => new(new MemoryBlockDevice(SectorCount));

    [Fact]
    public void A_length_that_is_no_whole_number_of_sectors_is_refused() =>
        Assert.Equal(BlockError.BadSize, Assert.Throws<BlockDeviceException>(() => new MemoryBlockDevice(new byte[1000])).Error);

    [Theory]
    [InlineData(0)]
    [InlineData(256)]
    [InlineData(1000)]
    [InlineData(131072)]
    public void Sectors_have_sizes_that_sectors_have(int size) => Assert.Throws<ArgumentOutOfRangeException>(() => new BlockGeometry(size, 1));
}

public class BigSectorTests : BlockDeviceContract
{
    protected override ValueTask<IBlockDevice> OpenAsync() => new(new MemoryBlockDevice(SectorCount, 4096));
}
