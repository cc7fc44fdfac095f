using System.Net;
using System.Net.Sockets;

namespace Morgana.Integration.Tests;

internal sealed partial class LinuxSockets
{
    /// <summary>A TCP socket that is connected to a port of our stack's.</summary>
    public async Task<Socket> ConnectAsync(ushort port)
    {
        var socket = Tcp();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(LinuxPeer.OurAddress.ToString()), port), limit.Token);
        return socket;
    }
}
