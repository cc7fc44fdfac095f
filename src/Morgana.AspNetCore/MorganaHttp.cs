using System.Net;
using System.Net.Sockets;
using Morgana.Core;
using Morgana.Sockets;

namespace Morgana.AspNetCore;

/// <summary>HttpClient on a network stack of ours.</summary>
public static class MorganaHttp
{
    /// <summary>A handler whose connections are the stack's. Its names are resolved by the stack, and proxies of the environment are ignored.</summary>
    public static SocketsHttpHandler CreateHandler(INetworkStack network) => new() { UseProxy = false, ConnectCallback = ConnectOver(network) };

    /// <summary>For <see cref="SocketsHttpHandler.ConnectCallback"/>: tries the name's addresses in their order, and gives the first connection. Refuses https.</summary>
    public static Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> ConnectOver(INetworkStack network) =>
        async (context, cancel) =>
        {
            // .NET's TLS loads OpenSSL while it runs. In a static image that is no error but a segmentation fault, and any server could cause
            // it by redirecting us to https.
            if (context.InitialRequestMessage.RequestUri?.Scheme is "https" or "wss")
                throw new HttpRequestException(HttpRequestError.SecureConnectionError, $"{context.DnsEndPoint.Host}: there is no TLS in an image; https cannot be fetched.");
            string host = context.DnsEndPoint.Host;
            var addresses = IPAddress.TryParse(host, out var literal) ? [literal.ToMorgana()] : await network.ResolveAsync(host, cancel);
            SocketException? last = null;
            foreach (var address in addresses)
            {
                try
                {
                    var connection = await network.ConnectAsync(new IpEndpoint(address, (ushort)context.DnsEndPoint.Port), cancel: cancel);
                    return connection.AsStream();
                }
                catch (SocketException e)
                {
                    last = e;
                }
            }

            throw last ?? new SocketException((int)SocketError.HostNotFound);
        };
}
