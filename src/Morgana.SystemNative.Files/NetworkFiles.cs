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
        Add(files, "sockstat", NetworkTables.Sockets);
        return files;
    }

    /// <summary>resolv.conf(5): .NET reads it for the name servers of an interface. It is there before any network is.</summary>
    public static string Resolvers() => string.Concat(HostNetwork.NameServers().Select(server => $"nameserver {server}\n"));

    // A program that only looks whether the file is there starts no network.
    private static void Add(EmbeddedFileSystem files, string name, Func<NetworkStack, string> text) => files.AddGenerated(name, () =>
    {
        using var turn = HostNetwork.Loop.TakeTurn();
        return Encoding.ASCII.GetBytes(text(turn.Stack));
    });
}
