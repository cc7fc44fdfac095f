using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Morgana.AspNetCore;

/// <summary>Puts Kestrel on a network stack of ours.</summary>
public static class MorganaTransportExtensions
{
    /// <summary>Kestrel listens on the <see cref="Sockets.INetworkStack"/> in the services, and on nothing else.</summary>
    public static IWebHostBuilder UseMorganaTransport(this IWebHostBuilder builder) => builder.ConfigureServices(services => services.AddMorganaTransport());

    /// <summary>Adds the transport; the <see cref="Sockets.INetworkStack"/> comes from the services.</summary>
    public static IServiceCollection AddMorganaTransport(this IServiceCollection services) =>
        services.AddSingleton<IConnectionListenerFactory, MorganaTransportFactory>();

    /// <summary>Serves HTTP/1.1, and HTTP/2 with prior knowledge, on the same port of every address.</summary>
    public static void ListenMorgana(this KestrelServerOptions options, int port) => options.ListenMorgana(IPAddress.Any, port);

    /// <summary>Serves HTTP/1.1, and HTTP/2 with prior knowledge, on the same port.</summary>
    public static void ListenMorgana(this KestrelServerOptions options, IPAddress address, int port)
    {
        options.Listen(new MorganaEndPoint(address, port, ConnectionPreface.Http1), listen => listen.Protocols = HttpProtocols.Http1);
        options.Listen(new MorganaEndPoint(address, port, ConnectionPreface.Http2), listen => listen.Protocols = HttpProtocols.Http2);
    }
}
