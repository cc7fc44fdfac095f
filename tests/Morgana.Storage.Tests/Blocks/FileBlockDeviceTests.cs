namespace Morgana.Storage.Tests;

public sealed class FileBlockDeviceTests : BlockDeviceContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    protected override ValueTask<IBlockDevice> OpenAsync() => new(FileBlockDevice.Open(_folder.File("disk"), new() { CreateLength = SectorCount * 512 }));

    [Fact]
    public async Task What_was_written_is_there_when_it_is_opened_again()
    {
        byte[] content;
        await using (var device = await OpenAsync())
        {
            content = Content(device, 5, seed: 1);
            await device.WriteAsync(7, content);
            await device.FlushAsync();
        }

        await using var again = FileBlockDevice.Open(_folder.File("disk"));
        Assert.Equal(content, await ReadAsync(again, 7, 5));
        Assert.Equal(SectorCount, again.Geometry.SectorCount);
    }

    [Fact]
    public async Task A_file_that_is_in_use_is_busy()
    {
        await using var device = await OpenAsync();
        Assert.Equal(BlockError.Busy, Assert.Throws<BlockDeviceException>(() => FileBlockDevice.Open(_folder.File("disk"))).Error);
        Assert.Equal(BlockError.Busy, Assert.Throws<BlockDeviceException>(() => FileBlockDevice.Open(_folder.File("disk"), new() { IsReadOnly = true })).Error);
        await device.DisposeAsync();
        await using var again = FileBlockDevice.Open(_folder.File("disk"));
    }

    [Fact]
    public async Task Several_may_read_the_same_file()
    {
        await (await OpenAsync()).DisposeAsync();
        await using var first = FileBlockDevice.Open(_folder.File("disk"), new() { IsReadOnly = true });
        await using var second = FileBlockDevice.Open(_folder.File("disk"), new() { IsReadOnly = true });
        Assert.Equal(await ReadAsync(first, 0, 1), await ReadAsync(second, 0, 1));
        Assert.Equal(BlockError.ReadOnly, (await Assert.ThrowsAsync<BlockDeviceException>(async () => await first.WriteAsync(0, new byte[512]))).Error);
    }

    [Fact]
    public void A_file_of_the_wrong_size_is_refused()
    {
        File.WriteAllBytes(_folder.File("odd"), new byte[1000]);
        Assert.Equal(BlockError.BadSize, Assert.Throws<BlockDeviceException>(() => FileBlockDevice.Open(_folder.File("odd"))).Error);
        File.WriteAllBytes(_folder.File("small"), new byte[1024]);
        Assert.Equal(BlockError.BadSize, Assert.Throws<BlockDeviceException>(() => FileBlockDevice.Open(_folder.File("small"), new() { MinimumLength = 4096 })).Error);
    }

    [Fact]
    public void A_file_that_is_not_there_is_said_to_be_not_there()
    {
        var failure = Assert.Throws<BlockDeviceException>(() => FileBlockDevice.Open(_folder.File("nothing")));
        Assert.Equal(BlockError.Failed, failure.Error);
        Assert.Contains("nothing", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_descriptor_that_was_handed_over_is_a_device()
    {
        await (await OpenAsync()).DisposeAsync();
        var handle = File.OpenHandle(_folder.File("disk"), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        int descriptor = (int)handle.DangerousGetHandle();
        handle.SetHandleAsInvalid();                        // The device owns it now.
        await using var device = FileBlockDevice.FromDescriptor(descriptor);
        byte[] content = Content(device, 3, seed: 2);
        await device.WriteAsync(0, content);
        Assert.Equal(content, await ReadAsync(device, 0, 3));
        Assert.Equal(BlockError.Busy, Assert.Throws<BlockDeviceException>(() => FileBlockDevice.Open(_folder.File("disk"))).Error);
    }
}

/// <summary>The same file, with everything done on the caller's thread.</summary>
public sealed class SynchronousFileBlockDeviceTests : BlockDeviceContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    protected override ValueTask<IBlockDevice> OpenAsync() => new(FileBlockDevice.Open(_folder.File("disk"), new() { CreateLength = SectorCount * 512, IsSynchronous = true }));

    [Fact]
    public async Task What_is_read_written_and_flushed_is_done_when_the_call_returns()
    {
        await using var device = await OpenAsync();
        byte[] content = new byte[1024];
        Assert.True(device.WriteAsync(0, content).IsCompleted);
        Assert.True(device.WriteAsync(0, [content, content]).IsCompleted);
        Assert.True(device.FlushAsync().IsCompleted);
        Assert.True(device.ReadAsync(0, content).IsCompleted);
        Assert.True(device.ReadAsync(0, new Memory<byte>[] { content, content }).IsCompleted);
    }
}
