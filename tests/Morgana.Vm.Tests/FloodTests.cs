using System.Globalization;
using System.Net.Sockets;
using Morgana.Build;
using Morgana.Core;
using Morgana.Integration.Tests;
using Morgana.Wire.Ethernet;
using Morgana.Wire.Ip;
using Morgana.Wire.Tcp;
using static Morgana.Network.Tests.Frames;

namespace Morgana.Vm.Tests;

/// <summary>A peer on the guest's own link that sends what no honest host does, and more than the guest takes, while the application works.</summary>
public sealed class FloodTests
{
    private const int Rounds = 40, FramesPerRound = 400;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);
    private static readonly MacAddress s_guestMac = MacAddress.Parse("52:54:00:12:34:56");      // QEMU's, where nothing is said
    private static readonly Ipv4Address s_guest = Ipv4Address.From(10, 77, 9, 2), s_host = Ipv4Address.From(10, 77, 9, 1);

    [RootVmTheory, InlineData("microvm", 1), InlineData("q35", 2)]
    public async Task Every_page_is_served_from_the_middle_of_a_flood_and_memory_holds(string machine, int processors)
    {
        string name = $"mgflood{Environment.ProcessId % 100000}";
        await MorganaCommand.RunProgramAsync("ip", "netns", "add", name);
        string[] inside = ["ip", "netns", "exec", name];
        try
        {
            foreach (string step in (string[])["ip tuntap add tap0 mode tap", "ip addr add 10.77.9.1/24 dev tap0", "ip link set tap0 up"])
                await MorganaCommand.RunProgramAsync("ip", [.. inside[1..], .. step.Split(' ')]);
            using var command = MorganaCommand.Start(new CommandSettings
            {
                Prefix = inside,
                Arguments = ["run", "unikernels/Website", "--target", "vm", "--accel", "tcg", "--machine", machine, "--cpus", $"{processors}", "--memory", "48M", "--net", "tap:tap0", "--", "--ipv4=10.77.9.2/24"],
            });
            var linux = new LinuxSockets(name);
            using var client = Client(linux);
            await command.LineAsync("");
            double before = Dropped(await PageAsync(client, "/metrics"));
            using var frames = linux.Frames("tap0");
            var random = new Random(77);
            for (int round = 0; round < Rounds; round++)
            {
                for (int i = 0; i < FramesPerRound; i++) frames.Send(Frame(random, (round * FramesPerRound) + i));
                Assert.Contains("<html", await PageAsync(client, "/"), StringComparison.OrdinalIgnoreCase);
            }

            // The guest itself says what it has thrown away.
            double dropped = Dropped(await PageAsync(client, "/metrics")) - before;
            Assert.True(dropped > Rounds, $"only {dropped} packets were dropped: the flood did not arrive");
            command.SignalGroup(2);
            var (status, output, error) = await command.EndAsync();
            Assert.True(status == 0, $"{output}\n{error}");
            Assert.DoesNotContain("memory", error, StringComparison.OrdinalIgnoreCase);
        }
        finally
        {
            await MorganaCommand.RunProgramAsync("ip", "netns", "delete", name);
        }
    }

    // Connections that nobody completes, datagrams for nobody, garbage behind a right address, and questions to all.
    private static byte[] Frame(Random random, int number)
    {
        var stranger = new Ipv4Address(0xc612_0000u + (uint)(number % 60_000));
        byte[] payload = new byte[random.Next(1400)];
        random.NextBytes(payload);
        return (number % 4) switch
        {
            0 => Syn(stranger, (ushort)(1024 + (number % 60_000))),
            1 => Ethernet(s_guestMac, EtherType.Ipv4, Ip(new(s_host, s_guest, IpProtocol.Udp), Udp(s_host, s_guest, 4000, 9, payload))),
            2 => Ethernet(s_guestMac, EtherType.Ipv4, Ip(new(stranger, s_guest, (byte)random.Next(256)), payload)),
            _ => Ethernet(MacAddress.Broadcast, number % 8 == 3 ? EtherType.Arp : EtherType.Ipv4, payload),
        };
    }

    private static byte[] Syn(Ipv4Address from, ushort fromPort)
    {
        byte[] segment = new byte[TcpHeader.Size];
        new TcpHeader(fromPort, 80, new(12345), default, TcpFlags.Syn, 1000).WriteTo(segment);
        TcpHeader.WriteChecksum(segment, InternetChecksum.PseudoHeader(from, s_guest, IpProtocol.Tcp, segment.Length));
        return Ethernet(s_guestMac, EtherType.Ipv4, Ip(new(from, s_guest, IpProtocol.Tcp), segment));
    }

    // A connection for each request, made within the namespace.
    private static HttpClient Client(LinuxSockets linux) => new(new SocketsHttpHandler
    {
        PooledConnectionLifetime = TimeSpan.Zero,
        ConnectCallback = async (context, cancel) =>
        {
            var socket = linux.Tcp();
            try
            {
                await socket.ConnectAsync(context.DnsEndPoint, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    })
    { Timeout = s_patience };

    // Until the guest listens, Linux says after three seconds that nobody is there. Later a connection that the flood's half-open ones have
    // pushed out is reset: whoever is hit by that tries again and is served.
    private static async Task<string> PageAsync(HttpClient client, string path)
    {
        for (int tries = 60; ; tries--)
        {
            try
            {
                return await client.GetStringAsync("http://10.77.9.2" + path);
            }
            catch (HttpRequestException) when (tries > 0)
            {
                await Task.Yield();
            }
        }
    }

    private static double Dropped(string metrics) => metrics.Split('\n').Where(l => l.StartsWith("morgana_drops_total{", StringComparison.Ordinal)).Sum(l => double.Parse(l.Split(' ')[^1], CultureInfo.InvariantCulture));

    private sealed class RootVmTheoryAttribute : TheoryAttribute
    {
        public RootVmTheoryAttribute() => Skip = Need.Missing
            ?? (!Environment.IsPrivilegedProcess ? "needs root, to make network namespaces" : !File.Exists("/dev/net/tun") ? "needs /dev/net/tun"
            : Toolchain.FindProgram("ip") is null ? "needs the program 'ip'; ./test installs it" : null);
    }
}
