using Morgana.Storage;

namespace Morgana.Drivers.Virtio.Tests;

public sealed class VirtioBlockDeviceTests : IAsyncDisposable
{
    private const int Sectors = 4096;
    private readonly ModelMemory _memory = new(1 << 20);
    private readonly ModelDisk _disk;
    private VirtioBlockDevice? _device;

    public VirtioBlockDeviceTests() => _disk = new(_memory, Sectors, ModelDisk.AllFeatures);

    public async ValueTask DisposeAsync()
    {
        if (_device is not null) await _device.DisposeAsync();
        Assert.Empty(_disk.Violations);
        _memory.Dispose();
    }

    [Fact]
    public async Task It_is_what_the_disk_says()
    {
        var device = Open();
        Assert.Equal((512, (long)Sectors, false), (device.Geometry.SectorSize, device.Geometry.SectorCount, device.Geometry.IsReadOnly));
        Assert.Equal(BlockCapabilities.Durable | BlockCapabilities.Discard | BlockCapabilities.WriteZeroes, device.Geometry.Capabilities);
        Assert.Equal(15, _disk.Status);
        await device.DisposeAsync();
        Assert.Equal(0, _disk.Status);
    }

    public static TheoryData<string, int, uint> Impossible => new()
    {
        { "sectors of 1000 octets", 20, 1000 },
        { "sectors of nothing", 20, 0 },
        { "sectors of 128 KB", 20, 1 << 17 },
        { "more octets than there are numbers for", 4, uint.MaxValue },
        { "buffers smaller than any", 8, 100 },
    };

    [Theory, MemberData(nameof(Impossible))]
    public void A_disk_that_cannot_be_is_refused(string what, int offset, uint value)
    {
        _disk.Set(offset, value);
        Assert.True(Assert.Throws<VirtioException>(() => Open()).Message.Length > 0, what);
        Assert.Equal(0, _disk.Status);
    }

    [Fact]
    public void A_device_of_another_kind_or_without_a_queue_is_refused()
    {
        _disk.MostDescriptors = 2;
        Assert.Throws<VirtioException>(() => Open());
        Assert.Throws<VirtioException>(() => VirtioBlockDevice.Open(new VirtioDevice(new VirtioMmioTransport(new ModelDevice(_memory, 1)), _memory.Dma, new NoInterrupt())));
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public async Task Requests_are_with_the_disk_side_by_side_and_may_be_done_in_any_order(int seed)
    {
        var device = Open();
        _disk.Holds = true;
        byte[][] contents = [.. Enumerable.Range(0, 40).Select(i => Octets(3 * 512, (seed * 100) + i))];
        Task[] writes = [.. contents.Select((c, i) => device.WriteAsync(i * 3, c).AsTask())];
        Assert.Equal(40, _disk.Held.Count);
        Assert.Equal(40, _disk.Requests.Indirect);
        _disk.Release(new Random(seed));
        await Task.WhenAll(writes);

        _disk.Holds = true;
        byte[][] read = [.. contents.Select(c => new byte[c.Length])];
        Task[] reads = [.. read.Select((r, i) => device.ReadAsync(i * 3, r).AsTask())];
        _disk.Release(new Random(seed + 1));
        await Task.WhenAll(reads);
        Assert.Equal(contents, read);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_large_request_is_taken_apart_and_takes_no_more_than_there_is(bool isIndirect)
    {
        if (!isIndirect) _disk.Offered &= ~ModelDisk.Bits(VirtioTransport.IndirectDescriptors);
        _disk.MostDescriptors = 16;
        var device = Open();
        byte[] content = Octets(Sectors * 512, 1), read = new byte[content.Length];
        await device.WriteAsync(0, content);
        Assert.Equal(content, _disk.Content);
        await device.ReadAsync(0, read);
        Assert.Equal(content, read);
        Assert.Equal(isIndirect, _disk.Requests.Indirect > 0);
    }

    [Fact]
    public async Task More_requests_than_there_is_room_for_wait_their_turn()
    {
        _disk.MostDescriptors = 4;
        var device = Open();
        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => device.WriteAsync(i * 8, Octets(8 * 512, i)).AsTask()));
        for (int i = 0; i < 500; i++) Assert.True(_disk.Content.AsSpan(i * 8 * 512, 8 * 512).SequenceEqual(Octets(8 * 512, i)), $"request {i}");
    }

    [Fact]
    public async Task Only_what_was_flushed_survives()
    {
        var device = Open();
        await device.WriteAsync(0, Octets(512, 1));
        Assert.Equal(new byte[512], _disk.Flushed[..512]);
        await device.FlushAsync();
        Assert.Equal(Octets(512, 1), _disk.Flushed[..512]);
        await device.WriteAsync(0, Octets(512, 2), BlockWriteOptions.WriteThrough);
        Assert.Equal(Octets(512, 2), _disk.Flushed[..512]);
    }

    [Fact]
    public async Task A_disk_without_flushing_is_not_asked_to_and_is_not_called_durable()
    {
        _disk.Offered &= ~ModelDisk.Bits(ModelDisk.FlushFeature);
        var device = Open();
        Assert.False(device.Geometry.Capabilities.HasFlag(BlockCapabilities.Durable));
        await device.WriteAsync(0, Octets(512, 1), BlockWriteOptions.WriteThrough);
        await device.FlushAsync();
        Assert.DoesNotContain(_disk.Seen, s => s.Type == ModelDisk.Flush);
    }

    [Fact]
    public async Task Ranges_are_no_longer_than_the_disk_takes()
    {
        var device = Open();
        await device.WriteAsync(0, Octets(400 * 512, 1));
        await device.DiscardAsync(10, 200);
        await device.WriteZeroesAsync(220, 100);
        byte[] expected = Octets(400 * 512, 1);
        expected.AsSpan(10 * 512, 200 * 512).Fill(0xdd);
        expected.AsSpan(220 * 512, 100 * 512).Clear();
        Assert.Equal(expected, _disk.Content[..(400 * 512)]);
        Assert.Equal(4, _disk.Seen.Count(s => s.Type == ModelDisk.Discard));
        Assert.Equal(4, _disk.Seen.Count(s => s.Type == ModelDisk.WriteZeroes));
    }

    [Fact]
    public async Task What_a_disk_offers_and_cannot_do_is_done_without()
    {
        var device = Open();
        _disk.Refuses = r => r.Type is ModelDisk.Discard or ModelDisk.WriteZeroes ? ModelDisk.Unsupported : null;
        await device.WriteAsync(0, Octets(100 * 512, 1));
        await device.DiscardAsync(0, 10);
        await device.WriteZeroesAsync(10, 90);
        Assert.Equal(Octets(100 * 512, 1)[..(10 * 512)], _disk.Content[..(10 * 512)]);
        Assert.Equal(new byte[90 * 512], _disk.Content[(10 * 512)..(100 * 512)]);
    }

    [Theory, InlineData(ModelDisk.Failed), InlineData(ModelDisk.Unsupported)]
    public async Task A_request_that_fails_fails_alone(byte status)
    {
        var device = Open();
        _disk.Refuses = r => r.Sector == 7 ? status : null;
        var failure = await Assert.ThrowsAsync<BlockDeviceException>(async () => await device.ReadAsync(7, new byte[512]));
        Assert.Equal(BlockError.Failed, failure.Error);
        Assert.Contains("read 1 sectors from 7 on", failure.Message, StringComparison.Ordinal);
        Assert.Equal(BlockError.Failed, (await Assert.ThrowsAsync<BlockDeviceException>(async () => await device.WriteAsync(7, new byte[512]))).Error);
        await device.WriteAsync(8, Octets(512, 1));
        byte[] read = new byte[512];
        await device.ReadAsync(8, read);
        Assert.Equal(Octets(512, 1), read);
    }

    [Fact]
    public async Task A_flush_that_fails_is_the_end()
    {
        var device = Open();
        _disk.Refuses = r => r.Type == ModelDisk.Flush ? ModelDisk.Failed : null;
        Assert.Equal(BlockError.Gone, (await Assert.ThrowsAsync<BlockDeviceException>(async () => await device.FlushAsync())).Error);
        Assert.Equal(BlockError.Gone, (await Assert.ThrowsAsync<BlockDeviceException>(async () => await device.ReadAsync(0, new byte[512]))).Error);
    }

    [Fact]
    public async Task A_disk_that_does_not_answer_is_given_up_with_all_that_waits_for_it()
    {
        var device = Open(new() { Timeout = TimeSpan.FromMilliseconds(50) });
        _disk.Holds = true;
        Task[] all = [.. Enumerable.Range(0, 200).Select(i => device.WriteAsync(i, new byte[512]).AsTask())];
        foreach (var one in all) Assert.Equal(BlockError.Gone, (await Assert.ThrowsAsync<BlockDeviceException>(() => one)).Error);
        Assert.Equal(0, _disk.Status);
        Assert.Equal(BlockError.Gone, (await Assert.ThrowsAsync<BlockDeviceException>(async () => await device.FlushAsync())).Error);
    }

    [Fact]
    public async Task An_interrupt_that_got_lost_is_made_up_for()
    {
        var device = Open();
        _disk.LosesInterrupts = true;
        await device.WriteAsync(0, Octets(512, 1));
        Assert.Equal(Octets(512, 1), _disk.Content[..512]);
    }

    [Fact]
    public async Task A_cancelled_read_lets_go_of_its_memory_and_its_pages_are_used_again()
    {
        var device = Open();
        _disk.Content.AsSpan().Fill(0xaa);
        _disk.Holds = true;
        using var cancel = new CancellationTokenSource();
        byte[] memory = new byte[512 * 200];
        var read = device.ReadAsync(0, memory, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        _disk.Release();
        byte[] again = new byte[Sectors * 512];
        await device.ReadAsync(0, again);
        Assert.Equal(_disk.Content, again);
        Assert.All(memory, o => Assert.Equal(0, o));
    }

    [Fact]
    public async Task A_write_that_the_disk_has_already_cannot_be_taken_back_and_one_that_waits_can()
    {
        _disk.MostDescriptors = 4;
        _disk.Offered &= ~ModelDisk.Bits(VirtioTransport.IndirectDescriptors);
        var device = Open();
        _disk.Holds = true;
        using var cancel = new CancellationTokenSource();
        var first = device.WriteAsync(0, Octets(512, 1), default, cancel.Token).AsTask();
        var second = device.WriteAsync(0, Octets(512, 2), default, cancel.Token).AsTask();
        Assert.Single(_disk.Held);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.False(first.IsCompleted);
        _disk.Release();
        await first;
        await device.FlushAsync();
        Assert.Equal(Octets(512, 1), _disk.Flushed[..512]);
    }

    public static TheoryData<string> Lies => ["another chain", "a chain beyond the queue", "the same chain twice", "too much", "too little", "no status", "an unknown status", "chains that it does not have"];

    [Theory, MemberData(nameof(Lies))]
    public async Task A_disk_that_lies_is_reset_and_gone_for_good(string lie)
    {
        var device = Open();
        _disk.Holds = true;
        byte[] memory = new byte[1024];
        Task[] reads = [device.ReadAsync(0, memory).AsTask(), device.ReadAsync(2, new byte[512]).AsTask()];
        lock (_disk.Gate) Lie(lie, _disk.Held[0]);
        int gone = 0;
        foreach (var read in reads)
        {
            try
            {
                await read;
            }
            catch (BlockDeviceException e) when (e.Error == BlockError.Gone && e.Message.Contains("misbehaves", StringComparison.Ordinal))
            {
                gone++;
            }
        }

        Assert.InRange(gone, 1, 2);
        Assert.Equal(0, _disk.Status);
        Assert.Equal(BlockError.Gone, (await Assert.ThrowsAsync<BlockDeviceException>(async () => await device.WriteAsync(0, memory))).Error);
    }

    [Fact]
    public async Task Closing_ends_what_is_out_and_what_waits()
    {
        var device = Open();
        _disk.Holds = true;
        Task[] all = [.. Enumerable.Range(0, 200).Select(i => device.ReadAsync(i, new byte[512]).AsTask())];
        await device.DisposeAsync();
        foreach (var one in all) await Assert.ThrowsAsync<ObjectDisposedException>(() => one);
    }

    private void Lie(string lie, ModelRequest request)
    {
        switch (lie)
        {
            case "another chain":
                _disk.Answer((uint)(request.Head + 5), 1);
                break;
            case "a chain beyond the queue":
                _disk.Answer(uint.MaxValue, 1);
                break;
            case "the same chain twice":
                _memory.Ref<byte>(request.Status) = ModelDisk.Done;
                _disk.Answer(request.Head, 1025);
                _disk.Answer(request.Head, 1025);
                break;
            case "too much":
                _memory.Ref<byte>(request.Status) = ModelDisk.Done;
                _disk.Answer(request.Head, 1026);
                break;
            case "too little":
                _memory.Ref<byte>(request.Status) = ModelDisk.Done;
                _disk.Answer(request.Head, 1023);
                break;
            case "no status":
                _disk.Answer(request.Head, 1025);
                break;
            case "an unknown status":
                _memory.Ref<byte>(request.Status) = 3;
                _disk.Answer(request.Head, 1025);
                break;
            default:
                for (int i = 0; i < 3; i++) _disk.Requests.GiveBack(request.Head, 0);
                _disk.Interrupt.Raise();
                break;
        }
    }

    private static byte[] Octets(int length, int seed)
    {
        byte[] octets = new byte[length];
        new Random(seed).NextBytes(octets);
        return octets;
    }

    private VirtioBlockDevice Open(VirtioBlockSettings? settings = null) =>
        _device = VirtioBlockDevice.Open(new VirtioDevice(new VirtioMmioTransport(_disk), _memory.Dma, _disk.Interrupt), settings);
}
