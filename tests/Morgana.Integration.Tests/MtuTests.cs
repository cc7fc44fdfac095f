using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Morgana.Core;

namespace Morgana.Integration.Tests;

/// <summary>Links of other sizes than Ethernet's usual one, and paths that are narrower than the link.</summary>
public sealed class MtuTests
{
    [RootTheory, InlineData(576), InlineData(1280), InlineData(1500), InlineData(9000)]
    public async Task Streams_datagrams_and_pings_pass_links_of_any_size(int mtu)
    {
        await using var peer = await LinuxPeer.StartAsync(mtu: mtu);
        foreach (bool linuxIsServer in new[] { false, true })
        {
            var (ours, linux) = await Transfers.ConnectAsync(peer, linuxIsServer);
            await Transfers.ExchangeAsync(peer, ours, linux, RandomNumberGenerator.GetBytes(1_000_000), $"MTU {mtu}");
            linux.Dispose();
            await ours.DisposeAsync();
        }

        foreach (int size in new[] { 0, mtu - 28, mtu - 27, 20_000 })
            Assert.True((await peer.Loop.PingAsync(LinuxPeer.LinuxAddress, Transfers.Limit, size)).Received, $"a ping of {size} octets");
        await using var socket = await peer.Loop.BindAsync(new(LinuxPeer.OurAddress, 5000));
        using var linuxSocket = peer.Linux.Udp();
        foreach (int size in new[] { 1, mtu - 28, mtu - 27, 3 * mtu, 30_000 })
        {
            byte[] datagram = RandomNumberGenerator.GetBytes(size), received = new byte[65536];
            await linuxSocket.SendToAsync(datagram, new IPEndPoint(IPAddress.Parse(LinuxPeer.OurAddress.ToString()), 5000));
            var result = await socket.ReceiveAsync(received).AsTask().WaitAsync(Transfers.Limit);
            Assert.Equal(datagram, received[..result.Length]);
            await socket.SendAsync(datagram, result.From);
            int back = await linuxSocket.ReceiveAsync(received).WaitAsync(Transfers.Limit);
            Assert.Equal(datagram, received[..back]);
        }

        await Transfers.AssertNothingLeftAsync(peer);
    }
}
