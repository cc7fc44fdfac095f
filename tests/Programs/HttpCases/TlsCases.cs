using System.Net;
using System.Security.Authentication;

namespace HttpCases;

/// <summary>https and HTTP/2 of HttpClient's with nginx.</summary>
internal sealed class TlsCases(string host, string http, string https, string untrusted)
{
    private readonly HttpClient _client = Client(host, https, HttpVersion.Version20);

    public IEnumerable<Case> All =>
    [
        new("TLS", () => Client(host, https, HttpVersion.Version11).GetStringAsync("/tls")),
        new("TLS 1.2", OlderAsync),
        new("HTTP/2", () => _client.GetStringAsync("/tls")),
        new("HTTP/2 if there is any", NegotiatedAsync),
        new("HTTP/3 if there is any", () => NewestAsync(HttpVersionPolicy.RequestVersionOrLower)),
        new("HTTP/3 where nobody has QUIC", () => NewestAsync(HttpVersionPolicy.RequestVersionExact)),
        new("two hundred requests on one connection of HTTP/2", ManyAsync),
        new("a large download over HTTP/2", async () => await Case.HashAsync(await _client.GetStreamAsync("/large"))),
        new("eight large downloads at once over HTTP/2", DownloadsAsync),
        new("a large upload over HTTP/2", UploadAsync),
        new("a stream of HTTP/2 cancelled", CancelledAsync),
        new("redirected to a page without TLS", RedirectedAsync),
        new("a certificate that nobody trusts", () => Client(host, untrusted, HttpVersion.Version11).GetStringAsync("/tls")),
        new("a certificate of somebody else's", ElseAsync),
        new("TLS where there is none", () => Client(host, http, HttpVersion.Version11).GetStringAsync("/tls")),
        new("none where there is TLS", async () => $"{(int)(await new HttpClient().GetAsync(new Uri($"http://{host}:{https}/"))).StatusCode}"),
    ];

    public static HttpClient Client(string host, string port, Version version) => new(new SocketsHttpHandler { AllowAutoRedirect = true })
    {
        BaseAddress = new Uri($"https://{host}:{port}/"),
        DefaultRequestVersion = version,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = TimeSpan.FromMinutes(2),
    };

    private async Task<string> OlderAsync()
    {
        using var client = new HttpClient(new SocketsHttpHandler { SslOptions = { EnabledSslProtocols = SslProtocols.Tls12 } }) { BaseAddress = _client.BaseAddress };
        return await client.GetStringAsync("/tls");
    }

    private async Task<string> NegotiatedAsync()
    {
        using var client = new HttpClient { BaseAddress = _client.BaseAddress, DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        using var answer = await client.GetAsync("/");
        using var plain = await client.GetAsync(new Uri($"http://{host}:{http}/"));
        return $"{answer.Version} {plain.Version}";
    }

    private async Task<string> NewestAsync(HttpVersionPolicy policy)
    {
        using var client = new HttpClient { BaseAddress = _client.BaseAddress, DefaultRequestVersion = HttpVersion.Version30, DefaultVersionPolicy = policy };
        using var answer = await client.GetAsync("/");
        return $"{answer.Version}";
    }

    private async Task<string> ManyAsync()
    {
        var connections = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => _client.GetStringAsync($"/connection?{i}")));
        return $"{connections.Length} on {connections.Distinct().Count()}";
    }

    private async Task<string> DownloadsAsync()
    {
        var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i => await Case.HashAsync(await _client.GetStreamAsync($"/large?{i}"))));
        return string.Join(' ', all.Distinct());
    }

    private async Task<string> UploadAsync()
    {
        byte[] content = Case.Octets(6_000_000, 9);
        using var put = await _client.PutAsync("/uploads/h2", new ByteArrayContent(content));
        return $"{(int)put.StatusCode} {await Case.HashAsync(await _client.GetStreamAsync("/uploads/h2")) == Case.Hash(content)}";
    }

    // Only the stream ends: the next request is on the same connection.
    private async Task<string> CancelledAsync()
    {
        string before = await _client.GetStringAsync("/connection");
        await using (var stream = await _client.GetStreamAsync("/trickle")) await stream.ReadExactlyAsync(new byte[100]);
        return $"{before == await _client.GetStringAsync("/connection")}";
    }

    private async Task<string> RedirectedAsync()
    {
        using var answer = await _client.GetAsync("/plain");
        return $"{(int)answer.StatusCode} {answer.RequestMessage?.RequestUri?.AbsolutePath}";
    }

    private async Task<string> ElseAsync()
    {
        using var client = Client(host, https, HttpVersion.Version11);
        // The name that TLS asks for is the one in this header.
        client.DefaultRequestHeaders.Host = "somebody.else";
        return await client.GetStringAsync("/tls");
    }
}
