using System.Globalization;
using Morgana.Core;
using Morgana.Devices.Faults;
using Morgana.Network;
using Morgana.Protocols.Udp;
using Morgana.Testing;
using Morgana.Wire.Arp;
using Morgana.Wire.Ethernet;

namespace Morgana.Simulation.Tests;

/// <summary>
/// Whole networks from a seed: hosts, links with faults, transfers in both directions, datagrams and pings. In the end every stream is equal,
/// no buffer is out and every table is empty. MORGANA_LONG=1 runs 2,000 seeds instead of 40, MORGANA_SIMULATION_SEEDS=N runs N, and
/// MORGANA_SIMULATION_SEED=S runs that one.
/// </summary>
public class NetworkSimulationTests
{
    private static int DefaultSeeds => Environment.GetEnvironmentVariable("MORGANA_LONG") is null ? 40 : 2000;

    [Fact]
    public void Streams_are_equal_and_nothing_is_left_whatever_the_seed()
    {
        if (ulong.TryParse(Environment.GetEnvironmentVariable("MORGANA_SIMULATION_SEED"), CultureInfo.InvariantCulture, out ulong one))
        {
            Run(one);
            return;
        }

        int count = int.TryParse(Environment.GetEnvironmentVariable("MORGANA_SIMULATION_SEEDS"), CultureInfo.InvariantCulture, out int n) ? n : DefaultSeeds;
        for (ulong seed = 1; seed <= (ulong)count; seed++)
        {
            try
            {
                Run(seed);
            }
            catch (Exception error)
            {
                Assert.Fail($"Repeat with: MORGANA_SIMULATION_SEED={seed} dotnet test tests/Morgana.Simulation.Tests\n{error.Message}\n{error.StackTrace}");
            }
        }
    }

    [Fact]
    public void The_same_seed_makes_the_same_run() => Assert.Equal(Run(7), Run(7));

    // A damaged ARP answer, which no checksum covers, once cost a connection its peer for longer than its retransmissions lasted.
    [Fact]
    public void A_connection_outlives_a_neighbour_that_was_learned_wrong()
    {
        using var network = new VirtualNetwork(5);
        var (client, server) = (network.AddHost("10.0.0.1"), network.AddHost("10.0.0.2"));
        var listener = server.Listen(80);
        var stream = client.Connect("10.0.0.2", 80);
        network.RunUntil(() => stream.IsConnected, TimeSpan.FromSeconds(1));
        byte[] frame = new byte[14 + ArpPacket.Size];
        new EthernetHeader(client.Interface.Mac, server.Interface.Mac, EtherType.Arp).WriteTo(frame);
        new ArpPacket(ArpOperation.Reply, new(0x0200_0000_0042), server.Address.Ipv4, client.Interface.Mac, client.Address.Ipv4).WriteTo(frame.AsSpan(14));
        Assert.True(client.Inject(frame));
        stream.Write(new byte[100_000]);
        stream.Shutdown();
        network.RunUntil(() => listener.Accepted is [{ IsEndOfStream: true }], TimeSpan.FromSeconds(20));
        Assert.Equal(100_000, listener.ByteCount);
    }

    private static string Run(ulong seed)
    {
        var random = new DeterministicRandom(seed);
        using var network = new VirtualNetwork(seed) { Link = RandomLink(random), EventBudget = 20_000_000 };
        int[] mtus = [576, 1500, 1500, 9000];
        int mtu = mtus[random.Next(mtus.Length)];
        var hosts = Enumerable.Range(1, random.Next(2, 5)).Select(i => network.AddHost($"10.0.0.{i}", mtu)).ToList();
        var transfers = Enumerable.Range(0, random.Next(1, 5)).Select(i => new Transfer(network, hosts, random, (ushort)(1000 + i))).ToList();
        var chatter = new Chatter(network, hosts, random);

        network.RunUntil(() => { chatter.Step(); return transfers.TrueForAll(t => t.IsDone); }, TimeSpan.FromHours(2));
        foreach (var transfer in transfers) transfer.AssertEqual();
        chatter.Close();
        network.Link = new();
        network.RunUntilIdle();

        foreach (var host in hosts)
        {
            var s = host.Stack.Statistics;
            Assert.True(host.Pool.InUse == 0, network.Describe($"{host.Interface} holds {host.Pool.InUse} blocks"));
            Assert.Equal((0, 0, 0, 0, 0), (s.Tcp.Connections, s.Neighbours, s.Reassembling, s.UdpEndpoints, s.QueuedFrames));
        }

        return string.Join(';', hosts.Select(h => $"{h.Interface.FramesIn} {h.Interface.OctetsOut} {h.Stack.Drops.Total}")) + network.Now;
    }

    private static FaultProfile RandomLink(DeterministicRandom random)
    {
        bool isClean = random.Chance(0.2);
        return new()
        {
            Delay = TimeSpan.FromMilliseconds(0.1 + (random.NextDouble() * 40)),
            Loss = isClean ? 0 : random.NextDouble() * 0.08,
            BurstStart = isClean || random.Chance(0.7) ? 0 : 0.005,
            Jitter = TimeSpan.FromMilliseconds(random.NextDouble()),
            ReorderDelay = TimeSpan.FromMilliseconds(random.NextDouble() * 100),
            Duplication = isClean ? 0 : random.NextDouble() * 0.05,
            Reordering = isClean ? 0 : random.NextDouble() * 0.2,
            Corruption = isClean ? 0 : random.NextDouble() * 0.02,
            Rate = random.Chance(0.5) ? 2_500_000 : 0,
        };
    }

    /// <summary>One connection with a payload in each direction.</summary>
    private sealed class Transfer
    {
        private readonly VirtualListener _listener;
        private readonly VirtualStream _client;
        private readonly byte[] _up;
        private readonly byte[] _down;

        public Transfer(VirtualNetwork network, List<VirtualHost> hosts, DeterministicRandom random, ushort port)
        {
            int server = random.Next(hosts.Count);
            int client = (server + 1 + random.Next(hosts.Count - 1)) % hosts.Count;
            _up = new byte[random.Next(200_000)];
            _down = new byte[random.Next(200_000)];
            random.Fill(_up);
            random.Fill(_down);
            _listener = hosts[server].Listen(port);
            _listener.OnAccepted = stream =>
            {
                stream.Write(_down);
                stream.Shutdown();
                _listener.Close();
            };
            _client = hosts[client].Connect(hosts[server].Address.ToString(), port, new() { SelectiveAcknowledgments = !random.Chance(0.25) });
            _client.Write(_up);
            _client.Shutdown();
        }

        public bool IsDone => _client.IsEndOfStream && _listener.Accepted is [{ IsEndOfStream: true }];

        public void AssertEqual()
        {
            Assert.Equal(_up, _listener.ToArray());
            Assert.Equal(_down, _client.ToArray());
        }
    }

    /// <summary>Datagrams and pings beside the transfers. They may be lost, and none may be changed.</summary>
    private sealed class Chatter
    {
        private readonly VirtualNetwork _network;
        private readonly List<VirtualHost> _hosts;
        private readonly DeterministicRandom _random;
        private readonly List<UdpEndpoint> _endpoints = [];
        private int _left = 200;

        public Chatter(VirtualNetwork network, List<VirtualHost> hosts, DeterministicRandom random)
        {
            (_network, _hosts, _random) = (network, hosts, random);
            foreach (var host in hosts)
            {
                Assert.Equal(UdpBindError.None, host.Stack.Udp.TryBind(new(Ipv4Address.Any, 7), new(), out var endpoint));
                _endpoints.Add(endpoint!);
            }
        }

        public void Step()
        {
            foreach (var endpoint in _endpoints) Check(endpoint);
            if (_left-- <= 0) return;
            int from = _random.Next(_hosts.Count), to = _random.Next(_hosts.Count);
            byte[] payload = new byte[_random.Next(1, 6000)];
            payload.AsSpan().Fill((byte)payload.Length);
            _endpoints[from].Send(payload, new(_hosts[to].Address, 7), _network.Now);
            _hosts[from].Stack.Icmp.SendEcho(_hosts[to].Address, 1, (ushort)_left, payload.AsSpan(0, Math.Min(56, payload.Length)), _network.Now);
            foreach (var host in _hosts)
                while (host.Stack.Icmp.TryTakeReply(out _)) { }
        }

        public void Close()
        {
            foreach (var endpoint in _endpoints)
            {
                Check(endpoint);
                endpoint.Close();
            }
        }

        private static void Check(UdpEndpoint endpoint)
        {
            while (endpoint.TryReceive(out var payload, out _, out _))
            {
                byte[] octets = new byte[payload.Length];
                payload.CopyTo(0, octets);
                payload.Release();
                Assert.All(octets, o => Assert.Equal((byte)octets.Length, o));
            }
        }
    }
}
