using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Morgana.Core;
using Morgana.Devices;
using Morgana.Protocols.Igmp;
using Morgana.Protocols.Udp;
using Morgana.Sockets;

namespace Morgana.Integration.Tests;

/// <summary>Groups, with the Linux kernel as the other member, and as the switch that learns who is one.</summary>
public sealed class GroupTests
{
    private const ushort Port = 7700;
    private static readonly Ipv4Address s_group = Ipv4Address.From(239, 77, 0, 5);
    private static readonly IPAddress s_linuxGroup = IPAddress.Parse(s_group.ToString());
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(90);

    [RootFact("tshark")]
    public async Task Linux_and_we_hear_each_other_in_a_group()
    {
        string file = Path.GetTempFileName();
        try
        {
            await TalkAsync(file);
            var (status, output) = await LinuxPeer.TryRunAsync(["tshark", "-r", file, "-Y", "igmp.type == 0x22 and ip.src == 10.77.0.2", "-o", "ip.check_checksum:TRUE", "-T", "fields", "-E", "separator=,", "-E", "occurrence=a", "-E", "aggregator=+",
                "-e", "igmp.record_type", "-e", "igmp.maddr", "-e", "igmp.checksum.status", "-e", "ip.checksum.status", "-e", "ip.ttl", "-e", "ip.opt.type", "-e", "eth.dst"]);
            Assert.True(status == 0, output);
            string[] reports = [.. output.Split('\n').Where(l => l.Contains(',', StringComparison.Ordinal) && l.Contains("01:00:5e", StringComparison.Ordinal))];
            // 4: from now on everybody's; 3: from now on nobody's. Each may be told twice; 1 is a good checksum, 148 the router alert.
            Assert.Contains("4,239.77.0.5,1,1,1,148,01:00:5e:00:00:16", reports);
            Assert.Contains("3,239.77.0.5,1,1,1,148,01:00:5e:00:00:16", reports);
            Assert.All(reports, r => Assert.EndsWith(",239.77.0.5,1,1,1,148,01:00:5e:00:00:16", r, StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task TalkAsync(string file)
    {
        using var capture = new PcapngFile(File.Create(file));
        await using var peer = await LinuxPeer.StartAsync(device => new PcapngCapture(device, capture, "net0", PcapngCapture.UtcNow));
        await using var ours = Member.Bind(peer.Loop);
        ours.Join();
        using var linux = peer.Linux.Udp();
        linux.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(s_linuxGroup, IPAddress.Parse(LinuxPeer.LinuxAddress.ToString())));
        linux.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.Parse(LinuxPeer.LinuxAddress.ToString()).GetAddressBytes());
        linux.SendTo("from Linux"u8, new IPEndPoint(s_linuxGroup, Port));
        Assert.Equal("from Linux", await ours.ReceiveAsync());
        ours.Send("from us"u8, new(s_group, (ushort)((IPEndPoint)linux.LocalEndPoint!).Port));
        byte[] buffer = new byte[100];
        using var limit = new CancellationTokenSource(s_limit);
        while (true)
        {
            var received = await linux.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), limit.Token);
            if (!buffer.AsSpan(0, received.ReceivedBytes).SequenceEqual("from us"u8)) continue;
            Assert.Equal(LinuxPeer.OurAddress.ToString(), ((IPEndPoint)received.RemoteEndPoint).Address.ToString());
            break;
        }

        ours.Leave();
        // Once what was said last is told twice, it is forgotten.
        await ours.UntilAsync(() => ours.Groups.Count == 0);
    }

    [RootTheory("bridge"), InlineData(2), InlineData(3)]
    public async Task A_bridge_that_snoops_learns_who_is_a_member_hears_it_when_it_asks_and_forgets_it(int version)
    {
        await using var peer = await LinuxPeer.StartAsync();
        await PutBehindBridgeAsync(peer, version);
        await using var ours = Member.Bind(peer.Loop);
        await ours.UntilAsync(() => ours.Groups.Queries > 0);
        Assert.Equal(version, ours.Groups.Version);
        ours.Join();
        await UntilBridgeAsync(peer, knows: true);
        // What was told in the beginning, twice within a second, lasts for three: five queries later the bridge knows it from answers alone.
        long queries = ours.Groups.Queries;
        await ours.UntilAsync(() => ours.Groups.Queries >= queries + 5);
        await UntilBridgeAsync(peer, knows: true);
        using var linux = peer.Linux.Udp();
        linux.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.Parse(LinuxPeer.LinuxAddress.ToString()).GetAddressBytes());
        linux.SendTo("over the bridge"u8, new IPEndPoint(s_linuxGroup, Port));
        Assert.Equal("over the bridge", await ours.ReceiveAsync());
        ours.Leave();
        await UntilBridgeAsync(peer, knows: false);
    }

    // The bridge asks every second, takes answers for half of one, and remembers them for three.
    private static async Task PutBehindBridgeAsync(LinuxPeer peer, int version)
    {
        string address = $"{LinuxPeer.LinuxAddress}/24";
        await peer.InAsync("ip", "addr", "del", address, "dev", peer.Interface);
        await peer.InAsync("ip", "link", "add", "br0", "type", "bridge", "forward_delay", "0", "mcast_snooping", "1", "mcast_querier", "1", "mcast_igmp_version", $"{version}",
            "mcast_query_interval", "100", "mcast_startup_query_interval", "100", "mcast_query_response_interval", "50", "mcast_membership_interval", "300", "mcast_last_member_interval", "50");
        await peer.InAsync("ip", "link", "set", peer.Interface, "master", "br0");
        await peer.InAsync("ip", "addr", "add", address, "dev", "br0");
        await peer.InAsync("ip", "link", "set", "br0", "up");
    }

    private static async Task UntilBridgeAsync(LinuxPeer peer, bool knows)
    {
        string table = "";
        for (long end = Environment.TickCount64 + (long)s_limit.TotalMilliseconds; Environment.TickCount64 < end;)
        {
            table = await peer.InAsync("bridge", "mdb", "show", "dev", "br0");
            if (table.Contains($"port {peer.Interface} grp {s_group}", StringComparison.Ordinal) == knows) return;
        }

        Assert.Fail($"The bridge {(knows ? "does not know us" : "still knows us")}:\n{table}");
    }

    /// <summary>A port of our stack's that can be in the group.</summary>
    private sealed class Member : IUdpObserver, IAsyncDisposable
    {
        private readonly NetworkLoop _loop;
        private readonly Channel<string> _received = Channel.CreateUnbounded<string>();
        private readonly GroupMemberships _memberships;
        private readonly UdpEndpoint _endpoint;

        private Member(NetworkLoop loop)
        {
            _loop = loop;
            using var turn = loop.TakeTurn();
            Groups = turn.Stack.Interfaces[0].Groups;
            _memberships = turn.Stack.CreateMemberships();
            Assert.Equal(UdpBindError.None, turn.Stack.Udp.TryBind(new(Ipv4Address.Any, Port), new() { Groups = _memberships }, out var endpoint));
            _endpoint = endpoint!;
            _endpoint.Owner = this;
        }

        public IgmpHost Groups { get; }

        public static Member Bind(NetworkLoop loop) => new(loop);

        public void Join()
        {
            using var turn = _loop.TakeTurn();
            Assert.Equal(GroupError.None, _memberships.Join(Groups, s_group, turn.Now));
        }

        public void Leave()
        {
            using var turn = _loop.TakeTurn();
            Assert.Equal(GroupError.None, _memberships.Leave(Groups, s_group, turn.Now));
        }

        public void Send(ReadOnlySpan<byte> data, IpEndpoint to)
        {
            using var turn = _loop.TakeTurn();
            Assert.Equal(DropReason.None, _endpoint.Send(data, to, turn.Now));
        }

        public async Task<string> ReceiveAsync()
        {
            using var limit = new CancellationTokenSource(s_limit);
            return await _received.Reader.ReadAsync(limit.Token);
        }

        public async Task UntilAsync(Func<bool> isSo)
        {
            for (long end = Environment.TickCount64 + (long)s_limit.TotalMilliseconds; Environment.TickCount64 < end; await Task.Delay(10))
            {
                using var turn = _loop.TakeTurn();
                if (isSo()) return;
            }

            Assert.Fail("It did not come so.");
        }

        void IUdpObserver.HandleReady(UdpEndpoint endpoint, Instant now)
        {
            while (endpoint.TryReceive(out var payload, out _, out _))
            {
                byte[] octets = new byte[payload.Length];
                payload.CopyTo(0, octets);
                payload.Release();
                _received.Writer.TryWrite(System.Text.Encoding.ASCII.GetString(octets));
            }
        }

        public ValueTask DisposeAsync()
        {
            using var turn = _loop.TakeTurn();
            _memberships.Clear(turn.Now);
            _endpoint.Close();
            return ValueTask.CompletedTask;
        }
    }
}
