using Morgana.Core;
using Morgana.Devices;

namespace Morgana.Gateway.Tests;

public class IdleTests
{
    [Fact]
    public async Task An_idle_gateway_sleeps_until_there_is_work()
    {
        var clock = new ManualClock();
        WaitRecorder? waits = null;
        await using var network = new GuestNetwork(new GatewayOptions { AllowHost = true, Clock = clock }, decorate: device => waits = new(device));
        using var server = OutgoingTcpTests.Listen();
        var connection = await network.Guest.ConnectAsync(GuestNetwork.Router(OutgoingTcpTests.PortOf(server)), null, network.Limit);
        using (await server.AcceptAsync(network.Limit)) await connection.DisposeAsync();
        await network.AssertNothingIsLeftAsync();
        // What closes, is announced or is known of the link's neighbours has its times. After these there is nothing to wake up for.
        await network.UntilAsync(() =>
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            return waits!.Last == Timeout.InfiniteTimeSpan;
        });
    }

    [Fact]
    public async Task An_open_connection_without_traffic_wakes_nobody()
    {
        var clock = new ManualClock();
        WaitRecorder? waits = null;
        await using var network = new GuestNetwork(new GatewayOptions { AllowHost = true, Clock = clock }, decorate: device => waits = new(device));
        using var server = OutgoingTcpTests.Listen();
        await using var connection = await network.Guest.ConnectAsync(GuestNetwork.Router(OutgoingTcpTests.PortOf(server)), null, network.Limit);
        using var host = await server.AcceptAsync(network.Limit);
        clock.Advance(TimeSpan.FromMinutes(5));
        await network.UntilAsync(() => waits!.Last is var wait && (wait == Timeout.InfiniteTimeSpan || wait > TimeSpan.FromSeconds(20)));
        Assert.Equal(1, network.Gateway.Statistics.TcpFlows);
    }

    private sealed class WaitRecorder(INetworkDevice device) : INetworkDevice
    {
        private long _last;

        public TimeSpan Last => new(Volatile.Read(ref _last));

        public NetworkDeviceCapabilities Capabilities => device.Capabilities;

        public bool IsUp => device.IsUp;

        public int Receive(Span<PacketBuffer> frames) => device.Receive(frames);

        public int Transmit(ReadOnlySpan<PacketBuffer> frames) => device.Transmit(frames);

        public int Reclaim(Span<PacketBuffer> frames) => device.Reclaim(frames);

        public void Wait(TimeSpan timeout)
        {
            Volatile.Write(ref _last, timeout.Ticks);
            device.Wait(timeout);
        }

        public void Wake() => device.Wake();

        public void Dispose() => device.Dispose();
    }
}
