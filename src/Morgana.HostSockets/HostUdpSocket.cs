using System.Net;
using System.Net.Sockets;
using Morgana.Core;
using Morgana.Sockets;
using UdpReceiveResult = Morgana.Sockets.UdpReceiveResult;

namespace Morgana.HostSockets;

/// <summary>A UDP socket of the host.</summary>
internal sealed class HostUdpSocket(Socket socket) : UdpSocket
{
    private readonly IPEndPoint _any = new(socket.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);

    public override IpEndpoint LocalEndpoint { get; } = HostNetworkStack.FromHost(socket.LocalEndPoint);

    public override async ValueTask<UdpReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancel = default)
    {
        try
        {
            var result = await socket.ReceiveMessageFromAsync(buffer, SocketFlags.None, _any, cancel).ConfigureAwait(false);
            var to = LocalEndpoint.Address.IsAny ? new(HostNetworkStack.FromHost(new IPEndPoint(result.PacketInformation.Address, 0)).Address, LocalEndpoint.Port) : LocalEndpoint;
            return new(result.ReceivedBytes, (result.SocketFlags & SocketFlags.Truncated) != 0, HostNetworkStack.FromHost(result.RemoteEndPoint), to);
        }
        catch (ObjectDisposedException)
        {
            throw new SocketException((int)SocketError.OperationAborted);
        }
    }

    public override async ValueTask SendAsync(ReadOnlyMemory<byte> datagram, IpEndpoint to, CancellationToken cancel = default)
    {
        var destination = HostNetworkStack.ToHost(to);
        // A socket of both versions speaks to IPv4 through mapped addresses.
        if (socket.AddressFamily == AddressFamily.InterNetworkV6 && destination.AddressFamily == AddressFamily.InterNetwork) destination = new(destination.Address.MapToIPv6(), destination.Port);
        await socket.SendToAsync(datagram, SocketFlags.None, destination, cancel).ConfigureAwait(false);
    }

    public override ValueTask DisposeAsync()
    {
        socket.Dispose();
        return default;
    }
}
