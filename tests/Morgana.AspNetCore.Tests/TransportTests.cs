using System.Diagnostics;
using System.Net;
using System.Runtime.ExceptionServices;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Morgana.Sockets;

// Some tests look at everything that the process throws: they have it for themselves.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Morgana.AspNetCore.Tests;

public class TransportTests
{
    internal const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    internal const string EmptySettings = "\0\0\0\u0004\0\0\0\0\0";

    [Fact]
    public async Task Requests_in_a_row_are_answered_in_their_order_on_one_connection()
    {
        await using var site = await StartAsync();
        await using var connection = await site.ConnectAsync();
        await connection.SendAsync(string.Concat(Enumerable.Range(0, 50).Select(i => $"GET /{i} HTTP/1.1\r\nHost: x\r\n\r\n")));
        string all = await connection.ReadUntilAsync("[/49]");
        var answers = System.Text.RegularExpressions.Regex.Matches(all, @"\[/(\d+)\]").Select(m => int.Parse(m.Groups[1].Value)).ToArray();
        Assert.Equal(Enumerable.Range(0, 50), answers);
        Assert.Equal(1, site.Connections.Accepted);
    }

    [Fact]
    public async Task A_server_cannot_lead_a_client_to_https_where_an_image_would_crash()
    {
        await using var site = await ServedSite.StartAsync(app => app.Run(context =>
        {
            // A server may redirect to https, and HttpClient follows.
            context.Response.Redirect("https://10.0.0.2:80/");
            return Task.CompletedTask;
        }));
        using var client = new HttpClient(MorganaHttp.CreateHandler(site.Client)) { Timeout = ServedSite.Limit };
        var error = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("http://10.0.0.2/"));
        Assert.Contains("no TLS", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Both_versions_are_served_on_one_port()
    {
        await using var site = await StartAsync();
        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20 })
        {
            using var client = site.HttpClient(version);
            for (int i = 0; i < 3; i++)
            {
                using var response = await client.GetAsync($"/{i}");
                Assert.Equal((version, $"[/{i}]"), (response.Version, await response.Content.ReadAsStringAsync()));
            }
        }

        Assert.Equal(2, site.Connections.Accepted);
    }

    [Fact]
    public async Task The_preface_is_known_however_it_is_cut()
    {
        await using var site = await StartAsync();
        string whole = Preface + EmptySettings;
        foreach (int cut in Enumerable.Range(1, whole.Length - 1))
        {
            await using var connection = await site.ConnectAsync();
            await connection.SendAsync(whole[..cut]);
            await connection.SendAsync(whole[cut..]);
            string answer = await connection.ReadUntilAsync("\0\0\0\u0004\u0001");         // their SETTINGS, and the acknowledgement of ours
            Assert.Equal('\u0004', answer[3]);
        }

        await using var slow = await site.ConnectAsync();
        foreach (char c in whole) await slow.SendAsync(c.ToString());
        await slow.ReadUntilAsync("\0\0\0\u0004\u0001");
    }

    [Theory]
    [InlineData("PRI * HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 ")]
    [InlineData("PRIVATE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 ")]
    [InlineData("P / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 ")]
    [InlineData("\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 ")]
    [InlineData("\0", "HTTP/1.1 400 ")]
    public async Task What_is_not_the_preface_goes_to_the_older_version(string request, string answer)
    {
        await using var site = await StartAsync();
        await using var connection = await site.ConnectAsync();
        foreach (char c in request[..^1]) await connection.SendAsync(c.ToString());
        await connection.SendAsync(request[^1..]);
        Assert.StartsWith(answer, await connection.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_ends_within_nonsense_hears_of_the_servers_end()
    {
        await using var site = await StartAsync();
        for (int i = 0; i < 50; i++)
        {
            await using var connection = await site.ConnectAsync();
            foreach (char c in "\0\u0001\u0002\r\n") await connection.SendAsync(c.ToString());
            connection.Output.Complete();
            try
            {
                Assert.StartsWith("HTTP/1.1 400 ", await connection.ReadToEndAsync(), StringComparison.Ordinal);
            }
            catch (IOException)
            {
                // What we sent after the answer was answered with a reset.
            }
        }
    }

    [Fact]
    public async Task A_connection_that_ends_within_its_preface_is_closed()
    {
        await using var site = await StartAsync();
        await using var connection = await site.ConnectAsync();
        await connection.SendAsync(Preface[..5]);
        connection.Output.Complete();
        await connection.ReadToEndAsync();
        await RawClient.UntilAsync(() => site.Connections.Open == 0, "the connection was given up");
    }

    [Fact]
    public async Task A_silent_client_is_ended_by_the_servers_own_limit()
    {
        var clock = new ManualClock();
        await using var site = await StartAsync(new() { Clock = clock }, l => l.KeepAliveTimeout = TimeSpan.FromSeconds(1));
        await using var connection = await site.ConnectAsync();
        await RawClient.UntilAsync(() => clock.HasTimerDue, "the connection is watched");
        clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("", await connection.ReadToEndAsync());
        await RawClient.UntilAsync(() => site.Connections.Open == 0, "the connection was given up");
    }

    [Fact]
    public async Task Patience_that_runs_out_does_not_touch_a_connection_that_has_spoken()
    {
        var clock = new ManualClock();
        await using var site = await StartAsync(new() { Clock = clock });
        await using var connection = await site.ConnectAsync();
        await RawClient.UntilAsync(() => clock.HasTimerDue, "the connection is watched");
        await connection.SendAsync("POST /sum HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
        await connection.ReadUntilAsync("100 Continue\r\n\r\n");        // The body is being waited for.
        clock.Advance(TimeSpan.FromSeconds(6));
        await connection.SendAsync("abcd");
        Assert.Contains("[4]", await connection.ReadUntilAsync("]"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET / HT")]
    [InlineData("POST /sum HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")]
    [InlineData("GET /forever HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData(Preface)]
    [InlineData(Preface + EmptySettings + "\0\0")]
    public async Task A_client_that_breaks_off_leaves_nothing_behind(string begun)
    {
        await using var site = await StartAsync();
        await using (var connection = await site.ConnectAsync())
        {
            if (begun.Length > 0) await connection.SendAsync(begun);
            await RawClient.UntilAsync(() => site.Connections.Open == 1, "it was let in");
            connection.Abort();
        }

        await RawClient.UntilAsync(() => site.Connections.Open == 0, "it was given up");
        using var client = site.HttpClient();
        Assert.Equal("[/next]", await client.GetStringAsync("/next"));
    }

    [Fact]
    public async Task A_large_body_waits_at_the_sender_while_nobody_reads_it()
    {
        const int Size = 8 << 20;
        long sent = 0, most = 0, seen = 0;
        await using var site = await ServedSite.StartAsync(app => app.Run(async context =>
        {
            await RawClient.UntilAsync(() => Volatile.Read(ref sent) > 200_000, "the buffers fill");
            while (true)
            {
                var read = await context.Request.BodyReader.ReadAsync();
                most = Math.Max(most, Volatile.Read(ref sent) - seen);
                seen += read.Buffer.Length;
                context.Request.BodyReader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted) break;
            }

            await context.Response.WriteAsync($"[{seen}]");
        }));
        await using var connection = await site.ConnectAsync();
        await connection.SendAsync($"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {Size}\r\n\r\n");
        byte[] chunk = new byte[16 << 10];
        for (int i = 0; i < Size; i += chunk.Length)
        {
            await connection.SendAsync(chunk);
            Volatile.Write(ref sent, i + chunk.Length);
        }

        Assert.Contains($"[{Size}]", await connection.ReadUntilAsync("]"), StringComparison.Ordinal);
        // Its send buffer, our window, and what is between reading and counting.
        Assert.InRange(most, 1, 1 << 20);
    }

    [Fact]
    public async Task A_large_answer_waits_at_the_server_while_nobody_reads_it()
    {
        const int Size = 8 << 20;
        long written = 0, most = 0;
        await using var site = await ServedSite.StartAsync(app => app.Run(async context =>
        {
            context.Response.ContentLength = Size;
            byte[] chunk = new byte[16 << 10];
            for (int i = 0; i < Size; i += chunk.Length)
            {
                await context.Response.BodyWriter.WriteAsync(chunk);
                Volatile.Write(ref written, i + chunk.Length);
            }
        }));
        await using var connection = await site.ConnectAsync();
        await connection.SendAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        await RawClient.UntilAsync(() => Volatile.Read(ref written) > 200_000, "the buffers fill");
        long seen = 0;
        while (true)
        {
            var read = await connection.Input.ReadAsync().AsTask().WaitAsync(ServedSite.Limit);
            most = Math.Max(most, Volatile.Read(ref written) - seen);
            seen += read.Buffer.Length;
            connection.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) break;
        }

        Assert.InRange(seen, Size, Size + 500);
        Assert.InRange(most, 1, 1 << 20);
    }

    [Fact]
    public async Task Opening_serving_and_closing_in_order_throws_nothing()
    {
        await using var site = await StartAsync();
        await ServeAsync(site);         // What is thrown once, while the process warms up, is not of a connection.
        var thrown = new List<string>();
        AppDomain.CurrentDomain.FirstChanceException += Note;
        try
        {
            for (int i = 0; i < 20; i++) await ServeAsync(site);
        }
        finally
        {
            AppDomain.CurrentDomain.FirstChanceException -= Note;
        }

        lock (thrown) Assert.Empty(thrown);

        void Note(object? sender, FirstChanceExceptionEventArgs e)
        {
            lock (thrown) thrown.Add($"{e.Exception.GetType().Name}: {e.Exception.Message}\n{new StackTrace()}");
        }
    }

    [Fact]
    public async Task Stopping_ends_connections_of_every_kind()
    {
        await using var site = await StartAsync();
        await using var silent = await site.ConnectAsync();
        await using var older = await site.ConnectAsync();
        await older.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
        await older.ReadUntilAsync("[/a]");
        await using var newer = await site.ConnectAsync();
        await newer.SendAsync(Preface + EmptySettings);
        await newer.ReadUntilAsync("\0\0\0\u0004\u0001");
        await site.StopAsync();
        await RawClient.UntilAsync(() => site.Connections.Open == 0, "all were closed");
        await newer.ReadToEndAsync();
        await older.ReadToEndAsync();
        await Assert.ThrowsAsync<IOException>(() => silent.ReadToEndAsync());
    }

    internal static Task<ServedSite> StartAsync(MorganaTransportOptions? options = null, Action<Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerLimits>? limits = null) =>
        ServedSite.StartAsync(app => app.Run(AnswerAsync), options, limits);

    private static async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path == "/forever")
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return;
        }

        long length = 0;
        if (context.Request.Path == "/sum")
        {
            while (true)
            {
                var read = await context.Request.BodyReader.ReadAsync();
                length += read.Buffer.Length;
                context.Request.BodyReader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted) break;
            }
        }

        await context.Response.WriteAsync(context.Request.Path == "/sum" ? $"[{length}]" : $"[{context.Request.Path}]");
    }

    private static async Task ServeAsync(ServedSite site)
    {
        foreach (string last in new[] { "keep-alive", "close" })
        {
            await using var connection = await site.ConnectAsync();
            await connection.SendAsync($"GET /a HTTP/1.1\r\nHost: x\r\nConnection: {last}\r\n\r\n");
            await connection.ReadUntilAsync("[/a]");
            connection.Output.Complete();
            await connection.ReadToEndAsync();
        }

        await using var newer = await site.ConnectAsync();
        await newer.SendAsync(Preface + EmptySettings);
        await newer.ReadUntilAsync("\0\0\0\u0004\u0001");
        await newer.SendAsync("\0\0\u0008\u0007\0\0\0\0\0\0\0\0\0\0\0\0\0");         // GOAWAY, without an error
        newer.Output.Complete();
        await newer.ReadToEndAsync();
        await RawClient.UntilAsync(() => site.Connections.Open == 0, "all were closed");
    }
}
