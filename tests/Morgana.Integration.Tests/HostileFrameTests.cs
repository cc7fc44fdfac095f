using System.Net;
using System.Net.Sockets;
using System.Text;
using Morgana.Core;
using Morgana.Protocols.Tcp;
using Morgana.Wire.Ethernet;
using Morgana.Wire.Icmp;
using Morgana.Wire.Ip;
using Morgana.Wire.Tcp;
using static Morgana.Network.Tests.Frames;

namespace Morgana.Integration.Tests;

/// <summary>Raw frames that no honest host sends, put on the wire beside Linux's own traffic: memory stays bounded, and the service goes on.</summary>
public sealed class HostileFrameTests
{
    private static readonly Ipv4Address Us = LinuxPeer.OurAddress;

    [RootFact]
    public async Task A_SYN_flood_leaves_memory_bounded_and_others_served()
    {
        await using var peer = await LinuxPeer.StartAsync();
        await using var listener = await ServeEchoAsync(peer);
        await EchoAsync(peer);
        int mostBlocks = 0, mostConnections = 0;
        await DuringAsync(peer, 20_000, i => Syn(new(0xC612_0000u + (uint)i), Us, (ushort)(1024 + i), 80), async () =>
        {
            // Half-open connections make room for newer ones: a client whom that hits within a burst is reset, tries again and is served.
            await EchoAsync(peer, triesLeft: 100);
            var (blocks, connections) = await peer.Loop.CallAsync(_ => (peer.Pool.InUse, peer.Loop.Stack.Tcp.Statistics.Connections));
            (mostBlocks, mostConnections) = (Math.Max(mostBlocks, blocks), Math.Max(mostConnections, connections));
        });
        Assert.True(peer.Loop.Stack.Tcp.Statistics[TcpState.SynReceived] > 0, "the flood did not arrive");
        Assert.InRange(mostConnections, 1, 512 + 300);      // The backlog of half-open ones, and those of the services.
        Assert.InRange(mostBlocks, 0, 1000);
    }

    [RootFact]
    public async Task Land_frames_are_dropped_as_impossible_senders()
    {
        await using var peer = await LinuxPeer.StartAsync();
        await using var listener = await ServeEchoAsync(peer);
        await DuringAsync(peer, 2000, _ => Syn(Us, Us, 80, 80), () => EchoAsync(peer));
        await DroppedAsync(peer, DropReason.BadSource);
    }

    [RootFact]
    public async Task Smurf_gets_no_answer()
    {
        await using var peer = await LinuxPeer.StartAsync();
        await using var listener = await ServeEchoAsync(peer);
        byte[] echo = Icmp(IcmpHeader.Echo(IcmpType.EchoRequest, 1, 1), new byte[56]);
        var victim = Ipv4Address.From(10, 77, 0, 66);
        await DuringAsync(peer, 2000, _ => Ethernet(MacAddress.Broadcast, EtherType.Ipv4, Ip(new(victim, Ipv4Address.From(10, 77, 0, 255), IpProtocol.Icmp), echo)), () => EchoAsync(peer));
        await DroppedAsync(peer, DropReason.BroadcastEcho);
        Assert.Equal(0, peer.Loop.Stack.Icmp.EchoesAnswered);
        Assert.False(peer.Loop.Stack.Interfaces[0].Neighbours.TryGet(victim, out _));
    }

    [RootFact]
    public async Task Teardrop_fragments_are_dropped_and_whole_datagrams_still_arrive()
    {
        await using var peer = await LinuxPeer.StartAsync();
        await using var listener = await ServeEchoAsync(peer);
        int most = 0;
        await DuringAsync(peer, 4000, Fragment, async () =>
        {
            await PingAsync(peer);
            most = Math.Max(most, await peer.Loop.CallAsync(_ => peer.Loop.Stack.Reassembler.Octets));
        });
        await DroppedAsync(peer, DropReason.FragmentOverlap);
        Assert.InRange(most, 0, 1 << 20);

        // A flood fills the tap's queue, too, on a machine that has other things to do: an echo may be lost there, and is asked for again.
        static async Task PingAsync(LinuxPeer peer)
        {
            for (int tries = 0; tries < 20; tries++)
                if ((await peer.Loop.PingAsync(LinuxPeer.LinuxAddress, TimeSpan.FromSeconds(5), 5000)).Received) return;
            Assert.Fail("No echo of several fragments has come back.");
        }

        // Two that overlap, for each of many datagrams.
        static byte[] Fragment(int i) => Ethernet(LinuxPeer.OurMac, EtherType.Ipv4, Ip(
            new(Ipv4Address.From(10, 77, 0, 66), Us, IpProtocol.Udp) { Identification = (ushort)(i / 2), FragmentOffset = i % 2 == 0 ? 0 : 24, MoreFragments = i % 2 == 0 },
            new byte[i % 2 == 0 ? 40 : 24]));
    }

    [RootFact]
    public async Task Random_frames_are_survived()
    {
        await using var peer = await LinuxPeer.StartAsync();
        await using var listener = await ServeEchoAsync(peer);
        const ulong Seed = 4711;
        var random = new DeterministicRandom(Seed);
        await DuringAsync(peer, 5000, i => Garbage(random, i), () => EchoAsync(peer));
        Assert.True(peer.Loop.Stack.Drops.Total > 1000, $"{peer.Loop.Stack.Drops.Total} were dropped (seed {Seed})");
        Assert.True(await peer.Loop.CallAsync(_ => peer.Loop.Stack.Interfaces[0].Neighbours.Count) <= 512);
    }

    [RootFact]
    public async Task A_closed_port_is_reported_to_Linux_and_not_without_limit()
    {
        await using var peer = await LinuxPeer.StartAsync();
        using var socket = peer.Linux.Udp();
        socket.Connect(IPAddress.Parse(Us.ToString()), 9);
        await socket.SendAsync("x"u8.ToArray());
        // Linux has understood our ICMP: its connected socket is refused.
        var error = await Assert.ThrowsAsync<SocketException>(() => socket.ReceiveAsync(new byte[10]).WaitAsync(Transfers.Limit));
        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
        using var frames = peer.Linux.Frames(peer.Interface);
        var end = DateTime.UtcNow + Transfers.Limit;
        for (int i = 0; peer.Loop.Stack.Drops[DropReason.RateLimited] == 0 && DateTime.UtcNow < end; i++)
            frames.Send(Ethernet(LinuxPeer.OurMac, EtherType.Ipv4, Ip(new(LinuxPeer.LinuxAddress, Us, IpProtocol.Udp), Udp(LinuxPeer.LinuxAddress, Us, 4000, 9, new byte[8]))));
        Assert.True(peer.Loop.Stack.Drops[DropReason.RateLimited] > 0, "errors are not limited");
    }

    // Sends the frames in bursts from a thread of its own, while the service is used again and again.
    private static async Task DuringAsync(LinuxPeer peer, int count, Func<int, byte[]> frame, Func<Task> use)
    {
        using var frames = peer.Linux.Frames(peer.Interface);
        var flood = Task.Run(() =>
        {
            for (int i = 0; i < count; i++)
            {
                frames.Send(frame(i));
                if (i % 50 == 49) Thread.Yield();
            }
        });
        int uses = 0;
        for (; uses < 5 || !flood.IsCompleted; uses++) await use().WaitAsync(Transfers.Limit);
        await flood;
        await use().WaitAsync(Transfers.Limit);
        Assert.Null(peer.Loop.Failure);
    }

    private static async Task DroppedAsync(LinuxPeer peer, DropReason reason)
    {
        // What is still on its way comes before the answer to this.
        Assert.True((await peer.Loop.PingAsync(LinuxPeer.LinuxAddress, Transfers.Limit)).Received);
        Assert.True(peer.Loop.Stack.Drops[reason] > 0, $"nothing was dropped as {reason}");
    }

    private static Task<Sockets.TcpListener> ServeEchoAsync(LinuxPeer peer) => Services.ServeAsync(peer.Loop, 80, async connection =>
    {
        var stream = connection.AsStream();
        byte[] buffer = new byte[100];
        for (int n; (n = await stream.ReadAsync(buffer)) > 0;) await stream.WriteAsync(buffer.AsMemory(0, n));
    });

    private static async Task EchoAsync(LinuxPeer peer, int triesLeft)
    {
        while (true)
        {
            try
            {
                await EchoAsync(peer);
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset && triesLeft-- > 0)
            {
                await Task.Yield();
            }
        }
    }

    private static async Task EchoAsync(LinuxPeer peer)
    {
        using var socket = await peer.Linux.ConnectAsync(80);
        byte[] question = Encoding.ASCII.GetBytes("still there?"), answer = new byte[question.Length];
        await socket.SendAsync(question);
        for (int n = 0; n < answer.Length;)
        {
            int came = await socket.ReceiveAsync(answer.AsMemory(n));
            Assert.NotEqual(0, came);
            n += came;
        }

        Assert.Equal(question, answer);
    }

    private static byte[] Syn(Ipv4Address from, Ipv4Address to, ushort fromPort, ushort toPort)
    {
        byte[] segment = new byte[TcpHeader.Size];
        new TcpHeader(fromPort, toPort, new(12345), default, TcpFlags.Syn, 1000).WriteTo(segment);
        TcpHeader.WriteChecksum(segment, InternetChecksum.PseudoHeader(from, to, IpProtocol.Tcp, segment.Length));
        return Ethernet(LinuxPeer.OurMac, EtherType.Ipv4, Ip(new(from, to, IpProtocol.Tcp), segment));
    }

    // From wholly random to nearly right.
    private static byte[] Garbage(DeterministicRandom random, int i)
    {
        byte[] payload = new byte[random.Next(1400)];
        random.Fill(payload);
        return (i % 5) switch
        {
            0 => payload.Length < 14 ? new byte[14] : payload,
            1 => Ethernet(LinuxPeer.OurMac, EtherType.Ipv4, payload),
            2 => Ethernet(MacAddress.Broadcast, EtherType.Arp, payload),
            3 => Ethernet(LinuxPeer.OurMac, EtherType.Ipv4, Ip(new(new((uint)random.Next(int.MaxValue)), Us, (byte)random.Next(256)), payload)),
            _ => Ethernet(LinuxPeer.OurMac, EtherType.Ipv4, Ip(new(LinuxPeer.LinuxAddress, Us, IpProtocol.Tcp), payload)),
        };
    }
}
