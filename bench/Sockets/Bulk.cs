using System.Net.Sockets;

namespace Sockets;

/// <summary>Octets one way, over one connection within the process, 64 KB at a time.</summary>
internal static class Bulk
{
    private const int Size = 64 << 10;

    public static Task RunAsync(Meter meter)
    {
        using var listener = Echo.Listen();
        var (client, server) = Echo.Pair(listener);
        return Task.WhenAll(SendAsync(client, meter), ReceiveAsync(server, meter));
    }

    private static async Task SendAsync(Socket socket, Meter meter)
    {
        using (socket)
        {
            byte[] buffer = new byte[Size];
            while (meter.Goes) await socket.SendAsync(buffer);
        }
    }

    private static async Task ReceiveAsync(Socket socket, Meter meter)
    {
        using (socket)
        {
            byte[] buffer = new byte[Size];
            while (await socket.ReceiveAsync(buffer) is > 0 and var count) meter.Count(count);
        }
    }
}
