namespace Morgana.Drivers.Virtio.Tests;

public sealed class VirtioConsoleDeviceTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);
    private readonly ModelMemory _memory = new(64 << 10);
    private readonly ModelConsole _host;
    private VirtioConsoleDevice? _device;

    public VirtioConsoleDeviceTests() => _host = new(_memory);

    public void Dispose()
    {
        _device?.Dispose();
        _memory.Dispose();
    }

    [Theory, InlineData(1), InlineData(4096), InlineData(4097), InlineData(300_000)]
    public void What_is_written_is_said_whole_and_in_order(int length)
    {
        byte[] octets = Octets(length);
        Open().Write(octets);
        Assert.True(_device!.Flush(s_patience));
        Assert.Equal(octets, _host.Said);
    }

    [Fact]
    public void Of_several_ports_it_is_the_second_once_somebody_is_there()
    {
        var host = new ModelConsole(_memory, hasPorts: true);
        _device = VirtioConsoleDevice.Open(new VirtioDevice(new VirtioMmioTransport(host), _memory.Dma, host.Interrupt));
        Assert.Equal([(0u, (ushort)0, (ushort)1), (1u, (ushort)3, (ushort)1), (1u, (ushort)6, (ushort)1)], host.Told);
        byte[] octets = Octets(10_000), read = new byte[500];
        _device.Write(octets);
        Assert.True(_device.Flush(s_patience));
        Assert.Equal(octets, host.Said);
        Assert.Equal(500, host.Type(octets.AsSpan(0, 500)));
        Assert.Equal(500, _device.Read(read));
        Assert.Equal(octets[..500], read);
    }

    [Fact]
    public void A_port_with_nobody_at_the_other_end_is_refused()
    {
        var host = new ModelConsole(_memory, hasPorts: true) { IsAlone = true };
        Assert.Contains("nobody", Assert.Throws<VirtioException>(() => VirtioConsoleDevice.Open(new VirtioDevice(new VirtioMmioTransport(host), _memory.Dma, host.Interrupt))).Message);
        Assert.Equal(0, host.Status);
    }

    [Fact]
    public void A_page_costs_one_notification()
    {
        var device = Open();
        device.Write(Octets(4096));
        Assert.Equal(1, _host.Queues[1].Notifications);
        device.Write(Octets(8000));
        Assert.Equal(2, _host.Queues[1].Notifications);
    }

    [Fact]
    public async Task Writers_wait_for_a_host_that_takes_nothing_and_lose_nothing()
    {
        _host.IsSlow = true;
        var device = Open();
        byte[] octets = Octets(200_000);
        // More than there are buffers: it cannot end before the host takes some.
        var writing = Task.Run(() => device.Write(octets));
        int taken = 0;
        while (!writing.IsCompleted) taken += _host.Release(1);
        await writing;
        Assert.True(taken > 0);
        _host.Release();
        Assert.True(device.Flush(s_patience));
        Assert.Equal(octets, _host.Said);
    }

    [Fact]
    public void What_the_host_has_not_taken_is_not_flushed()
    {
        _host.IsSlow = true;
        var device = Open();
        device.Write(Octets(10));
        Assert.False(device.Flush(TimeSpan.Zero));
        Assert.Empty(_host.Said);
        _host.Release();
        Assert.True(device.Flush(s_patience));
    }

    [Fact]
    public void Lines_of_several_writers_stay_whole()
    {
        var device = Open();
        Parallel.For(0, 8, writer =>
        {
            byte[] line = [.. Enumerable.Repeat((byte)('a' + writer), 5000), (byte)'\n'];
            for (int i = 0; i < 20; i++) device.Write(line);
        });
        Assert.True(device.Flush(s_patience));
        string[] lines = System.Text.Encoding.ASCII.GetString([.. _host.Said]).Split('\n')[..^1];
        Assert.Equal(160, lines.Length);
        Assert.All(lines, l => Assert.True(l.Length == 5000 && l.All(c => c == l[0])));
    }

    [Fact]
    public async Task What_is_typed_is_read_however_much_there_is_and_however_little_is_asked_for()
    {
        var device = Open();
        byte[] octets = Octets(50_000), read = new byte[octets.Length];
        var typing = Task.Run(() =>
        {
            for (int done = 0; done < octets.Length;) done += _host.Type(octets.AsSpan(done));
        });
        for (int done = 0, most = 1; done < read.Length; most = most * 2 % 3001) done += device.Read(read.AsSpan(done, Math.Min(most + 1, read.Length - done)));
        await typing;
        Assert.Equal(octets, read);
    }

    [Fact]
    public void A_host_that_types_more_than_is_read_has_to_wait()
    {
        var device = Open();
        byte[] octets = Octets(100_000);
        int room = _host.Type(octets);
        Assert.Equal(4096, room);
        byte[] read = new byte[1024];
        Assert.Equal(1024, device.Read(read));
        Assert.Equal(1024, _host.Type(octets));
    }

    [Fact]
    public async Task Whoever_reads_hears_of_the_end()
    {
        var device = Open();
        var reading = Task.Run(() => device.Read(new byte[10]));
        device.Dispose();
        Assert.Equal(0, await reading);
        Assert.Throws<VirtioException>(() => device.Write([1]));
    }

    [Fact]
    public void A_host_that_gives_back_what_it_did_not_have_is_reset_and_reported()
    {
        _host.WrongChain = 31;
        var device = Open();
        device.Write([1]);
        Assert.False(device.Flush(s_patience));
        Assert.Contains("misbehaves", device.DownReason);
        Assert.Equal(0, _host.Status);
        Assert.Throws<VirtioException>(() => device.Write([2]));
    }

    [Fact]
    public void A_host_that_claims_more_than_there_is_room_for_is_reset_and_reported()
    {
        var device = Open();
        _host.Type([1, 2, 3], claimed: 1025);
        Assert.Throws<VirtioException>(() => device.Read(new byte[10]));
        Assert.Equal(0, _host.Status);
    }

    [Fact]
    public void Another_device_and_one_without_queues_are_refused()
    {
        Assert.Throws<VirtioException>(() => VirtioConsoleDevice.Open(new VirtioDevice(new VirtioMmioTransport(new ModelDevice(_memory, 1)), _memory.Dma, new NoInterrupt())));
        _host.MostDescriptors = 1;
        Assert.Throws<VirtioException>(() => Open());
    }

    private static byte[] Octets(int length)
    {
        byte[] octets = new byte[length];
        new Random(length).NextBytes(octets);
        return octets;
    }

    private VirtioConsoleDevice Open() => _device = VirtioConsoleDevice.Open(new VirtioDevice(new VirtioMmioTransport(_host), _memory.Dma, _host.Interrupt));
}
