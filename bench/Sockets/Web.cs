using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Sockets;

/// <summary>Kestrel on its ordinary transport, and HttpClient in the same process.</summary>
internal static class Web
{
    public static async Task RunAsync(int connections, Meter meter)
    {
        await using var application = Build("http://127.0.0.1:0");
        await application.StartAsync();
        string address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = connections }) { BaseAddress = new(address) };
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => AskAsync(client, meter)));
        await application.StopAsync();
    }

    /// <summary>Serves until it is told to stop.</summary>
    public static Task ServeAsync(string address) => Build(address).RunAsync();

    private static WebApplication Build(string address)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(address);
        var application = builder.Build();
        application.MapGet("/", () => "Hello World!");
        return application;
    }

    private static async Task AskAsync(HttpClient client, Meter meter)
    {
        while (meter.Goes)
        {
            using var response = await client.GetAsync("/");
            if (response.StatusCode != HttpStatusCode.OK || await response.Content.ReadAsStringAsync() != "Hello World!") throw new IOException("A wrong answer.");
            meter.Count(1);
        }
    }
}
