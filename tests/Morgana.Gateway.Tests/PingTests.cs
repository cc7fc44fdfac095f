using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Morgana.Core;

namespace Morgana.Gateway.Tests;

public class PingTests
{
    [Fact]
    public async Task Pings_are_relayed_where_the_host_lets_this_user_ping_and_else_the_reason_is_logged_once()
    {
        var lines = new System.Collections.Concurrent.ConcurrentQueue<string>();
        await using var network = new GuestNetwork(new GatewayOptions { AllowHost = true, Log = lines.Enqueue });
        // An address of this very host, so that nothing leaves it; without one, TEST-NET-1's, to which the host need not have a way.
        bool hasOwn = FindOwn() is not null;
        var to = FindOwn() ?? Ipv4Address.Parse("192.0.2.1");
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(network.Limit);
        var ping = network.Guest.PingAsync(to, GuestNetwork.Patience, 1000, cancel.Token).AsTask();
        if (hasOwn && MayPing())
        {
            Assert.True((await ping).Received);
            Assert.Equal(1, network.Gateway.Statistics.Pings);
            return;
        }

        await network.UntilAsync(() => network.Gateway.Statistics is var s && s.Pings + s.PingsDropped == 1);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ping);
        if (!MayPing()) Assert.Contains("ping_group_range", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ping_to_where_the_guest_may_not_go_is_dropped_and_counted()
    {
        await using var network = new GuestNetwork(new GatewayOptions());
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(network.Limit);
        var ping = network.Guest.PingAsync(Ipv4Address.Parse("169.254.169.254"), GuestNetwork.Patience, 56, cancel.Token).AsTask();
        await network.UntilAsync(() => network.Gateway.Statistics.PingsDropped == 1);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ping);
    }

    private static Ipv4Address? FindOwn() => NetworkInterface.GetAllNetworkInterfaces()
        .Where(i => i.OperationalStatus == OperationalStatus.Up)
        .SelectMany(i => i.GetIPProperties().UnicastAddresses)
        .Where(a => a.Address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(a.Address))
        .Select(a => (Ipv4Address?)Ipv4Address.Parse(a.Address.ToString()))
        .FirstOrDefault(a => !a!.Value.IsLinkLocal && a.Value.Value >> 8 != 0x0A0002);

    /// <summary>icmp(7): whether the kernel gives this process an ICMP socket.</summary>
    private static bool MayPing()
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Icmp);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
