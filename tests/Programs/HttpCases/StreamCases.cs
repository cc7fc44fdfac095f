using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace HttpCases;

/// <summary>What remote calls ask of HTTP/2: streams both ways at once, messages with their lengths before them, and trailers.</summary>
internal sealed class StreamCases(string host, string port)
{
    private const int Limit = 1 << 20;
    private readonly HttpClient _client = new() { BaseAddress = new Uri($"http://{host}:{port}/"), Timeout = TimeSpan.FromMinutes(2) };

    public IEnumerable<Case> All =>
    [
        new("a call", () => CallAsync("one")),
        new("a call of three messages", () => CallAsync("one", "two", "three")),
        new("a call without any", () => CallAsync()),
        new("a call with large messages", () => CallAsync(new string('x', 300_000), new string('y', 300_000))),
        new("a conversation", ConverseAsync),
        new("a hundred calls at once", ManyAsync),
        new("a call that fails in the middle", () => CallAsync("one", "fail", "three")),
        new("a call that the server resets", () => CallAsync("reset")),
        new("a call that the client gives up", GiveUpAsync),
        new("the call after that", () => CallAsync("still there")),
    ];

    /// <summary>The server's side: each message comes back, with its length in front.</summary>
    public static async Task AnswerAsync(HttpContext context)
    {
        context.Response.DeclareTrailer("call-status");
        await context.Response.Body.FlushAsync();
        string status = "0";
        while (await ReadAsync(context.Request.Body) is { } message)
        {
            if (message == "reset") context.Abort();
            if (message == "fail")
            {
                status = "13";
                break;
            }

            await WriteAsync(context.Response.Body, $"{message.Length} {message}");
        }

        context.Response.AppendTrailer("call-status", status);
    }

    private async Task<string> CallAsync(params string[] messages)
    {
        using var content = new Messages();
        using var answer = await SendAsync(content);
        await using var body = await answer.Content.ReadAsStreamAsync();
        var sending = content.SendAllAsync(messages);
        var answers = new List<string>();
        try
        {
            while (await ReadAsync(body) is { } message) answers.Add(message.Length > 20 ? message[..20] + $"({message.Length})" : message);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return $"{string.Join('|', answers)}; {Case.Describe(e)}";
        }

        return $"{answer.Version} {string.Join('|', answers)}; {string.Join(',', answer.TrailingHeaders.Select(h => $"{h.Key}={string.Join(',', h.Value)}"))}";
    }

    // Neither side says anything before it has heard the other.
    private async Task<string> ConverseAsync()
    {
        using var content = new Messages();
        using var answer = await SendAsync(content);
        await using var body = await answer.Content.ReadAsStreamAsync();
        string last = "";
        for (int i = 0; i < 200; i++)
        {
            await content.SendAsync($"{i}");
            last = await ReadAsync(body) ?? "its end";
        }

        content.End();
        return $"{last}, {await ReadAsync(body) ?? "its end"}";
    }

    private async Task<string> ManyAsync()
    {
        var all = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => CallAsync($"{i % 10}", "two")));
        return string.Join(' ', all.GroupBy(a => a).Select(g => $"({g.Key})x{g.Count()}").Order(StringComparer.Ordinal).Take(2));
    }

    private async Task<string> GiveUpAsync()
    {
        using var content = new Messages();
        using var cancel = new CancellationTokenSource();
        using var answer = await SendAsync(content);
        await using var body = await answer.Content.ReadAsStreamAsync(CancellationToken.None);
        await content.SendAsync("one");
        string first = await ReadAsync(body) ?? "its end";
        var next = ReadAsync(body, cancel.Token);
        await cancel.CancelAsync();
        try
        {
            return $"{first}, {await next}";
        }
        catch (OperationCanceledException)
        {
            return $"{first}, cancelled";
        }
    }

    private Task<HttpResponseMessage> SendAsync(Messages content)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/calls") { Content = content, Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        return _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static async Task<string?> ReadAsync(Stream stream, CancellationToken cancel = default)
    {
        byte[] head = new byte[4];
        int count = await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancel);
        if (count == 0) return null;
        int length = count == head.Length ? BinaryPrimitives.ReadInt32BigEndian(head) : -1;
        if (length is < 0 or > Limit) throw new InvalidDataException("no message");
        byte[] message = new byte[length];
        await stream.ReadExactlyAsync(message, cancel);
        return Encoding.UTF8.GetString(message);
    }

    private static async Task WriteAsync(Stream stream, string message)
    {
        byte[] text = Encoding.UTF8.GetBytes(message), framed = new byte[4 + text.Length];
        BinaryPrimitives.WriteInt32BigEndian(framed, text.Length);
        text.CopyTo(framed, 4);
        await stream.WriteAsync(framed);
        await stream.FlushAsync();
    }

    /// <summary>A request's body that is written while the answer is read.</summary>
    private sealed class Messages : HttpContent
    {
        private readonly TaskCompletionSource<Stream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task SendAsync(string message) => await WriteAsync(await _stream.Task, message);

        public async Task SendAllAsync(IEnumerable<string> messages)
        {
            try
            {
                foreach (string message in messages) await SendAsync(message);
            }
            catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException or ObjectDisposedException)
            {
                // The server has heard enough: what it answers says why.
            }

            End();
        }

        public void End() => _end.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            // The headers go out before the first message.
            await stream.FlushAsync();
            _stream.SetResult(stream);
            await _end.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            End();
            base.Dispose(disposing);
        }
    }
}
