using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Morgana.Sockets;

namespace Morgana.AspNetCore;

/// <summary>Puts Kestrel on a network stack of ours.</summary>
public static class MorganaTransportExtensions
{
    /// <summary>Kestrel listens on the <see cref="INetworkStack"/> in the services, and on nothing else.</summary>
    public static IWebHostBuilder UseMorganaTransport(this IWebHostBuilder builder) => builder.ConfigureServices(services => services.AddMorganaTransport());

    /// <summary>Adds the transport; the <see cref="INetworkStack"/> comes from the services.</summary>
    /// <param name="services">The services; the <see cref="ConnectionLimit"/> is there too, with its counters.</param>
    /// <param name="options">Limits; null for the defaults.</param>
    public static IServiceCollection AddMorganaTransport(this IServiceCollection services, MorganaTransportOptions? options = null)
    {
        options ??= new();
        var limit = new ConnectionLimit(options.MaximumConnections, options.MaximumHttp2Connections);
        services.AddSingleton(limit);
        return services.AddSingleton<IConnectionListenerFactory>(s => new MorganaTransportFactory(s.GetRequiredService<INetworkStack>(), limit, options));
    }

    /// <summary>Serves HTTP/1.1, and HTTP/2 with prior knowledge, on the same port of every address.</summary>
    public static void ListenMorgana(this KestrelServerOptions options, int port) => options.ListenMorgana(IPAddress.Any, port);

    /// <summary>Serves HTTP/1.1, and HTTP/2 with prior knowledge, on the same port.</summary>
    public static void ListenMorgana(this KestrelServerOptions options, IPAddress address, int port)
    {
        options.Listen(new MorganaEndPoint(address, port, ConnectionPreface.Http1), listen => listen.Protocols = HttpProtocols.Http1);
        options.Listen(new MorganaEndPoint(address, port, ConnectionPreface.Http2), listen => listen.Protocols = HttpProtocols.Http2);
    }
}
