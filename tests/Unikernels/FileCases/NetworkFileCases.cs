using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

/// <summary>What .NET reads of the network in files: it has to find what the program itself has opened.</summary>
internal static class NetworkFileCases
{
    public static void Run()
    {
        var properties = IPGlobalProperties.GetIPGlobalProperties();
        Cases.Run("a listener is listed", _ =>
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            bool before = properties.GetActiveTcpListeners().Contains((IPEndPoint)listener.LocalEndpoint);
            var endpoint = listener.LocalEndpoint;
            listener.Stop();
            return $"{before} {properties.GetActiveTcpListeners().Contains((IPEndPoint)endpoint)}";
        });
        Cases.Run("a connection is listed at both ends", _ =>
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            // Linux lists what is of both versions among those of IPv6.
            using var client = new TcpClient(AddressFamily.InterNetwork);
            client.Connect((IPEndPoint)listener.LocalEndpoint);
            using var server = listener.AcceptSocket();
            EndPoint one = client.Client.LocalEndPoint!, other = server.LocalEndPoint!;
            return string.Join(' ', properties.GetActiveTcpConnections().Where(c => (c.LocalEndPoint.Equals(one) && c.RemoteEndPoint.Equals(other)) || (c.LocalEndPoint.Equals(other) && c.RemoteEndPoint.Equals(one))).Select(c => c.State));
        });
        Cases.Run("a datagram socket is listed", _ =>
        {
            using var socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
            return properties.GetActiveUdpListeners().Contains((IPEndPoint)socket.Client.LocalEndPoint!);
        });
        Cases.Run("statistics count what was sent", _ =>
        {
            long before = properties.GetUdpIPv4Statistics().DatagramsSent;
            using var socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
            for (int i = 0; i < 20; i++) socket.Send([1], (IPEndPoint)socket.Client.LocalEndPoint!);
            return properties.GetUdpIPv4Statistics().DatagramsSent >= before + 20;
        });
        Cases.Run("statistics of IP count what was sent and delivered", _ =>
        {
            var before = properties.GetIPv4GlobalStatistics();
            Send(20, 100);
            var after = properties.GetIPv4GlobalStatistics();
            return $"{after.DefaultTtl} {after.NumberOfInterfaces} {after.NumberOfIPAddresses > 0} {after.OutputPacketRequests >= before.OutputPacketRequests + 20}"
                + $" {after.ReceivedPackets >= before.ReceivedPackets + 20} {after.ReceivedPacketsDelivered >= before.ReceivedPacketsDelivered + 20}";
        });
        Cases.Run("statistics of TCP count connections that failed", _ =>
        {
            long before = properties.GetTcpIPv4Statistics().FailedConnectionAttempts;
            using var client = new TcpClient(AddressFamily.InterNetwork);
            try
            {
                client.Connect(IPAddress.Loopback, 1);
            }
            catch (SocketException e)
            {
                return $"{e.SocketErrorCode} {properties.GetTcpIPv4Statistics().FailedConnectionAttempts > before}";
            }

            return "somebody listens";
        });
        Cases.Run("statistics of an interface count what went over it", _ =>
        {
            var (before, before4) = (Lo().GetIPStatistics(), Lo().GetIPv4Statistics());
            Send(20, 1000);
            var (after, after4) = (Lo().GetIPStatistics(), Lo().GetIPv4Statistics());
            return $"{after.BytesSent >= before.BytesSent + 20_000} {after.BytesReceived >= before.BytesReceived + 20_000} {after.UnicastPacketsSent >= before.UnicastPacketsSent + 20}"
                + $" {after4.UnicastPacketsReceived >= before4.UnicastPacketsReceived + 20} {after.OutputQueueLength > 0} {after4.OutputQueueLength > 0}";
        });
        Cases.Run("properties of an interface", _ =>
        {
            var lo = Lo().GetIPProperties();
            return $"{lo.GetIPv4Properties().Mtu} {lo.GetIPv4Properties().Index} {lo.MulticastAddresses.Count} {lo.GatewayAddresses.Count} {lo.DnsSuffix.Length} {Lo().Speed} {Lo().SupportsMulticast}";
        });
        Cases.Run("files of an interface", _ => string.Join(' ', new[] { "ifindex", "mtu", "type", "operstate", "address" }.Select(f => File.ReadAllText($"/sys/class/net/lo/{f}").Trim())));
        Cases.Run("directories of interfaces", _ => $"{Directory.GetDirectories("/sys/class/net").Contains("/sys/class/net/lo")} {Directory.Exists("/sys/class/net/none")} {Directory.GetDirectories("/proc/sys/net/ipv4/conf").Select(Path.GetFileName).Where(n => n is "all" or "default" or "lo").Order(StringComparer.Ordinal).Aggregate((a, b) => a + ' ' + b)}");
        Cases.Run("groups of an interface", _ =>
        {
            using var socket = new UdpClient(0, AddressFamily.InterNetwork);
            bool before = Groups().Contains("09084DEF");
            socket.JoinMulticastGroup(IPAddress.Parse("239.77.8.9"), IPAddress.Loopback);
            bool during = Groups().Contains("09084DEF");
            socket.Client.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.DropMembership, new MulticastOption(IPAddress.Parse("239.77.8.9"), IPAddress.Loopback));
            return $"{before} {during} {Groups().Contains("09084DEF")} {Groups().Contains("010000E0")}";
        });
    }

    private static NetworkInterface Lo() => NetworkInterface.GetAllNetworkInterfaces().Single(i => i.NetworkInterfaceType == NetworkInterfaceType.Loopback);

    private static void Send(int count, int length)
    {
        using var socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        IPEndPoint? from = null;
        for (int i = 0; i < count; i++)
        {
            socket.Send(new byte[length], (IPEndPoint)socket.Client.LocalEndPoint!);
            socket.Receive(ref from);
        }
    }

    // The words of igmp(5)'s lines.
    private static string[] Groups() => File.ReadAllText("/proc/net/igmp").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
