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
    }
}
