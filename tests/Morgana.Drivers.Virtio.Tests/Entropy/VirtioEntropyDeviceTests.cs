namespace Morgana.Drivers.Virtio.Tests;

public sealed class VirtioEntropyDeviceTests : IDisposable
{
    private readonly ModelMemory _memory = new(1 << 16);
    private readonly ModelSource _source;
    private readonly ModelInterrupt _interrupt = new();
    private VirtioEntropyDevice? _device;

    public VirtioEntropyDeviceTests() => _source = new(_memory, _interrupt);

    public void Dispose()
    {
        _device?.Dispose();
        _memory.Dispose();
    }

    [Theory, InlineData(1), InlineData(16), InlineData(256), InlineData(1000)]
    public void What_the_host_gives_is_what_one_gets_once(int length)
    {
        var device = Open();
        byte[] first = new byte[length], second = new byte[length];
        device.Fill(first);
        device.Fill(second);
        Assert.Equal(_source.Given, [.. first, .. second]);
        Assert.True(_source.WasCleared);
    }

    [Fact]
    public void A_device_that_gives_a_little_at_a_time_is_asked_again()
    {
        _source.Most = 7;
        byte[] octets = new byte[100];
        Open().Fill(octets);
        Assert.Equal(_source.Given, octets);
        Assert.Equal(15, _source.Queues[0].Notifications);
    }

    [Fact]
    public async Task A_device_that_takes_its_time_is_waited_for()
    {
        _source.Holds = true;
        var device = Open();
        byte[] octets = new byte[32];
        var filling = Task.Run(() => device.Fill(octets));
        SpinWait.SpinUntil(() => _source.Queues[0].Notifications > 0);
        _source.Answer();
        await filling;
        Assert.Equal(_source.Given, octets);
    }

    [Fact]
    public void A_device_that_does_not_answer_is_given_up_and_reset()
    {
        _source.Holds = true;
        var device = Open(TimeSpan.FromMilliseconds(20));
        Assert.Contains("did not answer", Assert.Throws<VirtioException>(() => device.Fill(new byte[8])).Message);
        Assert.Equal(0, _source.Status);
        Assert.Throws<VirtioException>(() => device.Fill(new byte[8]));
        Assert.Equal(1, _source.Queues[0].Notifications);
    }

    [Theory, InlineData(0, 33, "room for 32"), InlineData(0, 0, "single octet"), InlineData(1, 8, "did not have"), InlineData(9, 8, "did not have")]
    public void A_device_that_misbehaves_gives_nothing(int chain, int written, string how)
    {
        _source.Lie = ((uint)chain, (uint)written);
        var device = Open();
        byte[] octets = new byte[32];
        Assert.Contains(how, Assert.Throws<VirtioException>(() => device.Fill(octets)).Message);
        Assert.All(octets, o => Assert.Equal(0, o));
        Assert.Equal(0, _source.Status);
    }

    [Fact]
    public void A_source_that_is_stuck_is_noticed()
    {
        _source.Stuck = 0x5a;
        var device = Open();
        Assert.Contains("all the same", Assert.Throws<VirtioException>(() => device.Fill(new byte[64])).Message);
    }

    [Fact]
    public void Another_device_is_refused() =>
        Assert.Throws<VirtioException>(() => VirtioEntropyDevice.Open(new VirtioDevice(new VirtioMmioTransport(new ModelDevice(_memory, 2)), _memory.Dma, new NoInterrupt()), TimeSpan.FromSeconds(1)));

    private VirtioEntropyDevice Open(TimeSpan? timeout = null) =>
        _device = VirtioEntropyDevice.Open(new VirtioDevice(new VirtioMmioTransport(_source), _memory.Dma, _interrupt), timeout ?? TimeSpan.FromMinutes(1));

    /// <summary>A source of entropy: virtio 1.2, 5.4.</summary>
    private sealed class ModelSource(ModelMemory memory, ModelInterrupt interrupt) : ModelDevice(memory, type: 4)
    {
        private readonly Random _random = new(5);
        public readonly List<byte> Given = [];
        public int Most = int.MaxValue;
        public bool Holds, WasCleared = true;
        public byte? Stuck;
        public (uint Chain, uint Written)? Lie;

        public void Answer()
        {
            while (Queues[0].HasWork)
            {
                var (head, buffers) = Queues[0].Take();
                var (address, length, isWritable) = Assert.Single(buffers);
                Assert.True(isWritable);
                var octets = Memory.At(address, Math.Min(length, Most));
                WasCleared &= octets.IndexOfAnyExcept((byte)0) < 0;
                _random.NextBytes(octets);
                if (Stuck is { } same) octets.Fill(same);
                Given.AddRange(octets.ToArray());
                Queues[0].GiveBack(Lie?.Chain ?? head, Lie?.Written ?? (uint)octets.Length);
            }

            InterruptStatus |= 1;
            interrupt.Raise();
        }

        protected override void HandleNotification(int queue)
        {
            if (!Holds) Answer();
        }
    }
}
