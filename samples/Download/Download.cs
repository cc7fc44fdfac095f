using Morgana.Composition;
using Morgana.Core;
using Morgana.Devices;
using Morgana.Sockets;

namespace Samples;

/// <summary>An HTTP client: .NET's own, whose connections are our stack's.</summary>
[Unikernel(Help = "Fetches a page over HTTP.")]
public sealed partial class Download(INetworkStack network, IConsole console)
{
    [BootArgument(Help = "The page.", Value = "URL")]
    public required string Url { get; init; }

    [BootArgument(Help = "Gives up after this time.")]
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(10);

    public async Task<int> RunAsync(CancellationToken stop)
    {
        using var handler = new SocketsHttpHandler { UseProxy = false, ConnectCallback = ConnectAsync };
        using var client = new HttpClient(handler) { Timeout = Limit };
        using var response = await client.GetAsync(Url, stop);
        console.WriteLine($"{(int)response.StatusCode} {response.ReasonPhrase}");
        console.WriteLine(await response.Content.ReadAsStringAsync(stop));
        return response.IsSuccessStatusCode ? 0 : 1;
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        // Nobody may lead us to https, by a redirect for example: an image has no TLS.
        if (context.InitialRequestMessage.RequestUri?.Scheme != Uri.UriSchemeHttp) throw new HttpRequestException("there is no TLS in an image");
        var addresses = await network.ResolveAsync(context.DnsEndPoint.Host, cancel);
        var connection = await network.ConnectAsync(new IpEndpoint(addresses[0], (ushort)context.DnsEndPoint.Port), cancel: cancel);
        return connection.AsStream();
    }
}
