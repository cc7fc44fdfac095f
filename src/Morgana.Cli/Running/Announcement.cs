using System.Net;
using Morgana.Cli.Arguments;

namespace Morgana.Cli.Running;

/// <summary>Tells the user where a published port is reached.</summary>
internal static class Announcement
{
    private const int WebPort = 80;

    /// <summary>The line for a port: a web site's is its address, so that a terminal makes a link of it.</summary>
    public static string Describe(PublishedPort port)
    {
        string host = IPAddress.IsLoopback(port.Host.Address) ? $"localhost:{port.Host.Port}" : port.Host.ToString();
        return port is { GuestPort: WebPort, IsUdp: false }
            ? $"http://{host}/"
            : $"{host} leads to the guest's {(port.IsUdp ? "UDP" : "TCP")} port {port.GuestPort}";
    }
}
