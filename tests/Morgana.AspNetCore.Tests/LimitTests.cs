using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Morgana.Sockets;

namespace Morgana.AspNetCore.Tests;

/// <summary>Clients that mean it badly.</summary>
public class LimitTests
{
    [Fact]
    public async Task One_connection_too_many_is_reset_and_the_next_has_room_again()
    {
        await using var site = await TransportTests.StartAsync(new() { MaximumConnections = 2 });
        var first = await site.ConnectAsync();
        await using var second = await site.ConnectAsync();
        await RawClient.UntilAsync(() => site.Connections.Open == 2, "both were let in");
        await using (var third = await site.ConnectAsync())
            await Assert.ThrowsAsync<IOException>(() => third.ReadToEndAsync());
        Assert.Equal((2, 1L), (site.Connections.Open, site.Connections.Refused));

        await first.DisposeAsync();
        await RawClient.UntilAsync(() => site.Connections.Open == 1, "the first had gone");
        using var client = site.HttpClient();
        Assert.Equal("[/in]", await client.GetStringAsync("/in"));
    }

    [Fact]
    public async Task The_newer_version_has_a_limit_of_its_own()
    {
        await using var site = await TransportTests.StartAsync(new() { MaximumHttp2Connections = 1 });
        using var newer = site.HttpClient(HttpVersion.Version20);
        Assert.Equal("[/in]", await newer.GetStringAsync("/in"));
        await using (var second = await site.ConnectAsync())
        {
            await second.SendAsync(TransportTests.Preface + TransportTests.EmptySettings);
            await Assert.ThrowsAsync<IOException>(() => second.ReadToEndAsync());
        }

        Assert.Equal(1, site.Connections.Refused);
        await RawClient.UntilAsync(() => site.Connections.Open == 1, "the second had gone");
        using var older = site.HttpClient();
        Assert.Equal("[/in]", await older.GetStringAsync("/in"));
        newer.Dispose();
        await RawClient.UntilAsync(() => site.Connections.Open == 1, "the first had gone");
        using var next = site.HttpClient(HttpVersion.Version20);
        Assert.Equal("[/in]", await next.GetStringAsync("/in"));
    }

    [Fact]
    public async Task A_thousand_idle_connections_keep_nobody_out()
    {
        await using var site = await TransportTests.StartAsync(new() { MaximumConnections = 1100 });
        var idle = new List<TcpConnection>();
        for (int i = 0; i < 1000; i++)
        {
            idle.Add(await site.ConnectAsync());
            if (i % 2 == 0) await idle[^1].SendAsync("GET / HTTP/1.1\r\nHo");
        }

        await RawClient.UntilAsync(() => site.Connections.Open == 1000, "all were let in");
        using (var client = site.HttpClient()) Assert.Equal("[/in]", await client.GetStringAsync("/in"));
        Assert.Equal(0, site.Connections.Refused);
        foreach (var connection in idle) await connection.DisposeAsync();
        await RawClient.UntilAsync(() => site.Connections.Open == 0, "all were given up");
    }

    [Fact]
    public async Task Fields_that_come_octet_by_octet_are_ended_in_time()
    {
        await using var site = await TransportTests.StartAsync(limits: l => l.RequestHeadersTimeout = TimeSpan.FromSeconds(1));
        await using var connection = await site.ConnectAsync();
        await connection.SendAsync("GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ");
        var answer = connection.ReadToEndAsync();
        try
        {
            while (!answer.IsCompleted)
            {
                await connection.SendAsync("z");
                await Task.WhenAny(answer, Task.Delay(20));
            }
        }
        catch (IOException)
        {
            // It was reset while we wrote.
        }

        await Task.WhenAny(answer);
        if (answer.IsCompletedSuccessfully) Assert.StartsWith("HTTP/1.1 408 ", await answer, StringComparison.Ordinal);
        await RawClient.UntilAsync(() => site.Connections.Open == 0, "it was given up");
    }

    [Theory]
    [InlineData("GET /{0} HTTP/1.1\r\nHost: x\r\n\r\n", 414)]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nX: {0}\r\n\r\n", 431)]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET / HTTP/9.9\r\nHost: x\r\n\r\n", 505)]
    public async Task Requests_beyond_the_limits_are_refused_by_name(string request, int status)
    {
        await using var site = await TransportTests.StartAsync();
        await using var connection = await site.ConnectAsync();
        await connection.SendAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, request, new string('a', 100_000)));
        Assert.StartsWith($"HTTP/1.1 {status} ", await connection.ReadUntilAsync("\r\n"), StringComparison.Ordinal);
        connection.Output.Complete();       // The server reads on until then, so that its answer is not lost.
        await RawClient.UntilAsync(() => site.Connections.Open == 0, "it was given up");
    }

    [Theory]
    [InlineData("\u00ff\u00ff\u00ff\0\0\0\0\0\0")]                                         // a frame of 16 MB
    [InlineData("\0\0\u0005\u0004\0\0\0\0\0abcde")]                                        // SETTINGS of five octets
    [InlineData("\0\0\u0001\u0004\u0001\0\0\0\0a")]                                        // an acknowledgement with content
    [InlineData("\0\0\u0004\u0008\0\0\0\0\0\0\0\0\0")]                                     // a window update of nothing
    [InlineData("\0\0\u0004\u0008\0\0\0\0\0\u007f\u00ff\u00ff\u00ff")]                     // a window beyond 2^31 - 1
    [InlineData("\0\0\u0005\u0001\u0005\0\0\0\u0002abcde")]                                // a stream of the server's
    [InlineData("\0\0\u0004\u0001\u0005\0\0\0\u0001\u00ff\u00ff\u00ff\u00ff")]             // HPACK that runs over
    [InlineData("\0\0\u0001\u0001\u000c\0\0\0\u0001\u00ff")]                               // padding that is longer than the frame
    [InlineData("\0\0\u0001\0\u0001\0\0\0\u0005x")]                                        // data of a stream that was never opened
    [InlineData("\0\0\u0001\u0009\u0004\0\0\0\u0001x")]                                    // a continuation of nothing
    [InlineData("\0\0\u0003\u0006\0\0\0\0\0abc")]                                          // a ping of three octets
    [InlineData("\0\0\u0004\u0003\0\0\0\0\0\0\0\0\0")]                                     // a reset of the connection itself
    [InlineData("\0\0\u0005\u0002\0\0\0\0\u0001\0\0\0\u0001x")]                            // a stream that depends on itself
    public async Task Malformed_frames_end_the_connection_and_nothing_else(string frame)
    {
        await using var site = await TransportTests.StartAsync();
        await using var connection = await site.ConnectAsync();
        await connection.SendAsync(TransportTests.Preface + TransportTests.EmptySettings + frame);
        Assert.Contains("\u0007\0\0\0\0\0", await connection.ReadToEndAsync(), StringComparison.Ordinal);         // GOAWAY of stream 0
        await RawClient.UntilAsync(() => site.Connections.Open == 0, "it was given up");

        using var client = site.HttpClient(HttpVersion.Version20);
        Assert.Equal("[/next]", await client.GetStringAsync("/next"));
        Assert.Empty(site.Log.Lines);
    }

    [Fact]
    public async Task Streams_that_are_opened_and_reset_at_once_leave_the_server_alive()
    {
        await using var site = await TransportTests.StartAsync();
        await using (var connection = await site.ConnectAsync())
        {
            await connection.SendAsync(TransportTests.Preface + TransportTests.EmptySettings);
            var flood = new StringBuilder();
            for (int stream = 1; stream < 2000; stream += 2)
            {
                string id = $"\0\0{(char)(stream >> 8)}{(char)(stream & 0xff)}";
                // :method GET, :scheme http, :path / of HPACK's static table, and an authority.
                flood.Append("\0\0\u0006\u0001\u0005").Append(id).Append("\u0082\u0086\u0084\u0041\u0001x");
                flood.Append("\0\0\u0004\u0003\0").Append(id).Append("\0\0\0\u0008");
            }

            try
            {
                await connection.SendAsync(flood.ToString());
                await connection.ReadToEndAsync();
            }
            catch (IOException)
            {
                // It may be reset, which is as good as GOAWAY.
            }
        }

        await RawClient.UntilAsync(() => site.Connections.Open == 0, "it was given up");
        using var client = site.HttpClient();
        Assert.Equal("[/next]", await client.GetStringAsync("/next"));
    }
}
