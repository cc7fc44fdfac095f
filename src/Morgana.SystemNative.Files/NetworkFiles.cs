using System.Globalization;
using System.Text;
using Morgana.Files;
using Morgana.Network;

namespace Morgana.SystemNative;

/// <summary>The files in which .NET looks for what the network is doing: those of our stack.</summary>
internal static class NetworkFiles
{
    /// <summary>For <c>/proc/net</c>.</summary>
    public static EmbeddedFileSystem Create()
    {
        var files = new EmbeddedFileSystem([]);
        Add(files, "tcp", NetworkTables.Tcp);
        Add(files, "tcp6", NetworkTables.NothingOfIpv6);
        Add(files, "udp", NetworkTables.Udp);
        Add(files, "udp6", NetworkTables.NothingOfIpv6);
        Add(files, "dev", NetworkTables.Devices);
        Add(files, "route", NetworkTables.Routes);
        Add(files, "ipv6_route", static _ => "");
        Add(files, "snmp", NetworkTables.Counters);
        Add(files, "igmp", NetworkTables.Groups);
        Add(files, "sockstat", NetworkTables.Sockets);
        return files;
    }

    /// <summary>For <c>/sys</c>: what there is of each interface, as in sysfs(5).</summary>
    public static GeneratedFileSystem Interfaces()
    {
        var files = new GeneratedFileSystem(SysfsMagic);
        files.AddDirectories("class/net", HostInterfaces.Names,
        [
            ("address", Of(i => i.Mac)),
            ("ifindex", Of(i => i.Index)),
            ("mtu", Of(i => i.Mtu)),
            // ARPHRD_LOOPBACK, ARPHRD_ETHER; carrier and state of a link that is always there.
            ("type", Of(i => i.IsLoopback ? 772 : 1)),
            ("carrier", Of(_ => 1)),
            ("operstate", Of(i => i.IsLoopback ? "unknown" : "up")),
            ("tx_queue_len", Of(i => i.QueueLimit)),
            ("statistics/rx_bytes", Of(i => i.OctetsIn)),
            ("statistics/rx_packets", Of(i => i.FramesIn)),
            ("statistics/rx_dropped", Of(i => i.FramesDropped)),
            ("statistics/multicast", Of(i => i.GroupFramesIn)),
            ("statistics/tx_bytes", Of(i => i.OctetsOut)),
            ("statistics/tx_packets", Of(i => i.FramesOut)),
            ("statistics/tx_dropped", Of(i => i.OutputDropped)),
        ]);
        return files;
    }

    /// <summary>What <c>/proc/sys/net</c> says of IPv4: a host forwards nothing.</summary>
    public static void AddSettings(GeneratedFileSystem processes)
    {
        processes.AddFile("sys/net/ipv4/ip_forward", () => "0\n");
        processes.AddFile("sys/net/ipv4/ip_default_ttl", () => "64\n");
        processes.AddDirectories("sys/net/ipv4/conf", () => ["all", "default", .. HostInterfaces.Names()], [("forwarding", _ => "0\n")]);
    }

    private const long SysfsMagic = 0x62656572;

    // A line about the interface that a directory is named after; nothing once it is gone.
    private static Func<string, string> Of(Func<HostInterface, object> tell) =>
        name => HostInterfaces.All().FirstOrDefault(i => i.Name == name) is { } found ? string.Create(CultureInfo.InvariantCulture, $"{tell(found)}\n") : "";

    /// <summary>resolv.conf(5): .NET reads it for the name servers of an interface. It is there before any network is.</summary>
    public static string Resolvers()
    {
        var text = new StringBuilder();
        foreach (var server in HostNetwork.NameServers()) text.Append("nameserver ").Append(server.ToString()).Append('\n');
        return text.ToString();
    }

    // A program that only looks whether the file is there starts no network.
    private static void Add(EmbeddedFileSystem files, string name, Func<NetworkStack, string> text) => files.AddGenerated(name, () =>
    {
        using var turn = HostNetwork.Loop.TakeTurn();
        return Encoding.ASCII.GetBytes(text(turn.Stack));
    });
}
