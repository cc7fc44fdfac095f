namespace Morgana.Drivers.Virtio.Tests;

public sealed class TransportTests : IDisposable
{
    private readonly ModelMemory _memory = new(1 << 16);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void Only_what_both_sides_can_do_is_agreed_on()
    {
        var model = new ModelDevice(_memory, 1) { Offered = (1UL << 32) | (1UL << 5) | (1UL << 29) };
        var transport = new VirtioMmioTransport(model);
        Assert.Equal((1UL << 32) | (1UL << 29), transport.Begin((1UL << 29) | (1UL << 15)));
        Assert.Equal((1UL << 32) | (1UL << 29), model.Accepted);
        transport.Start();
        Assert.Equal(15, model.Status);
        transport.Reset();
        Assert.Equal(0, model.Status);
    }

    [Fact]
    public void A_legacy_device_is_refused_with_the_option_that_mends_it()
    {
        var model = new ModelDevice(_memory, 1) { Version = 1 };
        Assert.Contains("force-legacy=false", Assert.Throws<VirtioException>(() => new VirtioMmioTransport(model)).Message);
    }

    [Fact]
    public void A_device_without_version_1_is_refused()
    {
        var transport = new VirtioMmioTransport(new ModelDevice(_memory, 1) { Offered = 0 });
        Assert.Throws<VirtioException>(() => transport.Begin(0));
    }

    [Fact]
    public void A_device_that_takes_back_its_features_is_refused_and_told_so()
    {
        var model = new ModelDevice(_memory, 1) { RefusesFeatures = true };
        var transport = new VirtioMmioTransport(model);
        Assert.Throws<VirtioException>(() => transport.Begin(0));
        Assert.Equal(128, model.Status);
    }
}
