using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;

namespace HttpCases;

/// <summary>HTTP/1.1 of HttpClient's with nginx.</summary>
internal sealed class PlainCases(string host, string port)
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri($"http://{host}:{port}/"), Timeout = TimeSpan.FromMinutes(2) };

    public IEnumerable<Case> All =>
    [
        new("a page", PageAsync),
        new("a head, a method not allowed, a page not found", HeadAsync),
        new("a page not modified", NotModifiedAsync),
        new("a hundred requests on one connection", () => CountAsync("/count", 100)),
        new("ten requests on connections that the server ends", () => CountAsync("/once", 10)),
        new("HTTP/1.0", OldAsync),
        new("compressed, in chunks", CompressedAsync),
        new("decompressed", DecompressedAsync),
        new("a range", () => RangeAsync(100, 199)),
        new("the last octets", () => RangeAsync(null, 77)),
        new("two ranges", TwoRangesAsync),
        new("a range behind the end", () => RangeAsync(90_000_000, null)),
        new("a large download", () => DownloadAsync("/large")),
        new("a download read slowly", SlowlyAsync),
        new("a large upload", () => UploadAsync(isChunked: false, isExpecting: false)),
        new("a large upload in chunks", () => UploadAsync(isChunked: true, isExpecting: false)),
        new("a large upload once the server agrees", () => UploadAsync(isChunked: false, isExpecting: true)),
        new("an upload that is too large", TooLargeAsync),
        new("redirected", () => RedirectedAsync("/moved")),
        new("redirected for ever", () => RedirectedAsync("/round")),
        new("redirected after a form", FormAsync),
        new("a cookie", CookieAsync),
        new("cancelled in the middle", CancelledAsync),
        new("cancelled before it began", async () => $"{await _client.GetAsync("/", new CancellationToken(canceled: true))}"),
        new("a server that never answers", NeverAsync),
        new("a server behind that never answers", () => StatusAsync("/late")),
        new("a server behind that is not there", () => StatusAsync("/gone")),
        new("sixty-four at once on eight connections", ManyAsync),
        new("a port where nobody listens", async () => $"{await _client.GetAsync(new Uri($"http://{host}:1/"))}"),
    ];

    private async Task<string> PageAsync()
    {
        using var answer = await _client.GetAsync("/");
        var content = answer.Content.Headers;
        return $"{(int)answer.StatusCode} {answer.Version} {answer.Headers.Server} {content.ContentType} {content.ContentLength} {(await answer.Content.ReadAsStringAsync()).TrimEnd()}";
    }

    private async Task<string> HeadAsync()
    {
        using var head = await _client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/large"));
        using var method = await _client.PostAsync("/", new StringContent("x"));
        return $"{(int)head.StatusCode} {head.Content.Headers.ContentLength} {(await head.Content.ReadAsByteArrayAsync()).Length}, {(int)method.StatusCode}, {await StatusAsync("/nothing")}";
    }

    private async Task<string> NotModifiedAsync()
    {
        using var first = await _client.GetAsync("/");
        var again = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { IfModifiedSince = first.Content.Headers.LastModified } };
        using var second = await _client.SendAsync(again);
        return $"{(int)second.StatusCode}";
    }

    // The server says which request of its connection each one is.
    private static string Runs(IEnumerable<string> numbers) => string.Join(' ', numbers.GroupBy(n => n).Select(g => $"{g.Key}x{g.Count()}").TakeLast(2));

    private async Task<string> CountAsync(string path, int count)
    {
        using var one = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 1 }) { BaseAddress = _client.BaseAddress };
        var numbers = new List<string>();
        for (int i = 0; i < count; i++) numbers.Add(await one.GetStringAsync(path));
        return Runs(numbers);
    }

    private async Task<string> OldAsync()
    {
        using var answer = await _client.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/text") { Version = HttpVersion.Version10 });
        return $"{(int)answer.StatusCode} {answer.Headers.ConnectionClose} {Case.Hash(await answer.Content.ReadAsByteArrayAsync())}";
    }

    private async Task<string> CompressedAsync()
    {
        using var answer = await _client.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/text") { Headers = { AcceptEncoding = { new("gzip") } } }, HttpCompletionOption.ResponseHeadersRead);
        await using var stream = new GZipStream(await answer.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        return $"{answer.Headers.TransferEncodingChunked} {answer.Content.Headers.ContentEncoding} {await Case.HashAsync(stream)}";
    }

    private async Task<string> DecompressedAsync()
    {
        using var client = new HttpClient(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All }) { BaseAddress = _client.BaseAddress };
        using var answer = await client.GetAsync("/text");
        return $"{answer.Content.Headers.ContentEncoding.Count} {Case.Hash(await answer.Content.ReadAsByteArrayAsync())}";
    }

    private async Task<string> RangeAsync(long? from, long? to)
    {
        using var answer = await _client.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/large") { Headers = { Range = new RangeHeaderValue(from, to) } });
        return answer.IsSuccessStatusCode
            ? $"{(int)answer.StatusCode} {answer.Content.Headers.ContentRange} {Case.Hash(await answer.Content.ReadAsByteArrayAsync())}"
            : $"{(int)answer.StatusCode} {answer.Content.Headers.ContentRange}";
    }

    private async Task<string> TwoRangesAsync()
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/text") { Headers = { Range = new RangeHeaderValue { Ranges = { new(0, 9), new(100, 109) } } } };
        using var answer = await _client.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        return $"{(int)answer.StatusCode} {answer.Content.Headers.ContentType?.MediaType} {text.Split("Content-Range").Length - 1}";
    }

    private async Task<string> DownloadAsync(string path)
    {
        using var answer = await _client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        return $"{(int)answer.StatusCode} {answer.Content.Headers.ContentLength} {await Case.HashAsync(await answer.Content.ReadAsStreamAsync())}";
    }

    // Small pieces: the window closes and opens again and again.
    private async Task<string> SlowlyAsync()
    {
        await using var stream = await _client.GetStreamAsync("/large");
        byte[] content = new byte[2_000_000];
        for (int at = 0, count; at < content.Length; at += count)
        {
            count = await stream.ReadAsync(content.AsMemory(at, Math.Min(700, content.Length - at)));
            if (count == 0) return $"ended after {at}";
        }

        return Case.Hash(content);
    }

    private async Task<string> UploadAsync(bool isChunked, bool isExpecting)
    {
        string path = $"/uploads/{(isChunked, isExpecting)}";
        byte[] content = Case.Octets(8_000_000 + (isChunked ? 1 : 2), 5);
        var request = new HttpRequestMessage(HttpMethod.Put, path) { Content = new ByteArrayContent(content), Headers = { TransferEncodingChunked = isChunked, ExpectContinue = isExpecting } };
        using var put = await _client.SendAsync(request);
        return $"{(int)put.StatusCode}, {await DownloadAsync(path)}, {await DownloadAsync(path) == $"200 {content.Length} {Case.Hash(content)}"}";
    }

    private async Task<string> TooLargeAsync()
    {
        var request = new HttpRequestMessage(HttpMethod.Put, "/uploads/no") { Content = new ByteArrayContent(new byte[12_000_000]), Headers = { ExpectContinue = true } };
        using var put = await _client.SendAsync(request);
        return $"{(int)put.StatusCode}";
    }

    private async Task<string> RedirectedAsync(string path)
    {
        using var client = new HttpClient(new SocketsHttpHandler { MaxAutomaticRedirections = 7 }) { BaseAddress = _client.BaseAddress };
        using var answer = await client.GetAsync(path);
        return $"{(int)answer.StatusCode} {answer.RequestMessage?.RequestUri?.PathAndQuery} {answer.Headers.Location?.AbsolutePath}";
    }

    private async Task<string> FormAsync()
    {
        using var client = new HttpClient { BaseAddress = _client.BaseAddress };
        using var answer = await client.PostAsync("/sent", new FormUrlEncodedContent([new("name", "Ada")]));
        return $"{(int)answer.StatusCode} {answer.RequestMessage?.Method} {answer.RequestMessage?.RequestUri?.PathAndQuery}";
    }

    private async Task<string> CookieAsync()
    {
        using var client = new HttpClient(new SocketsHttpHandler { CookieContainer = new() }) { BaseAddress = _client.BaseAddress };
        return $"'{await client.GetStringAsync("/cookie")}' '{await client.GetStringAsync("/cookie")}'";
    }

    private async Task<string> CancelledAsync()
    {
        using var cancel = new CancellationTokenSource();
        await using var stream = await _client.GetStreamAsync("/trickle");
        byte[] buffer = new byte[100];
        await stream.ReadExactlyAsync(buffer);
        string result;
        var rest = Case.HashAsync(new Cancellable(stream, cancel.Token));
        await cancel.CancelAsync();
        try
        {
            result = await rest;
        }
        catch (OperationCanceledException e)
        {
            result = $"{e.CancellationToken == cancel.Token}";
        }

        return $"{Case.Hash(buffer)}, {result}, then {await StatusAsync("/")}";
    }

    private async Task<string> NeverAsync()
    {
        using var client = new HttpClient { BaseAddress = _client.BaseAddress, Timeout = TimeSpan.FromSeconds(1) };
        try
        {
            return await client.GetStringAsync("/never");
        }
        catch (TaskCanceledException e)
        {
            return $"{Case.Describe(e)}, then {await StatusAsync("/")}";
        }
    }

    private async Task<string> StatusAsync(string path)
    {
        using var answer = await _client.GetAsync(path);
        return $"{(int)answer.StatusCode}";
    }

    private async Task<string> ManyAsync()
    {
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 8 }) { BaseAddress = _client.BaseAddress };
        var all = await Task.WhenAll(Enumerable.Range(0, 64).Select(async i => Case.Hash(await client.GetByteArrayAsync($"/text?{i}"))));
        return Runs(all);
    }

    private sealed class Cancellable(Stream stream, CancellationToken cancel) : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => stream.ReadAsync(buffer, cancel);
    }
}
