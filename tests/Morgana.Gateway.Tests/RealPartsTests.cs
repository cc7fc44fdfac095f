using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Morgana.Core;
using TcpListener = Morgana.Sockets.TcpListener;

namespace Morgana.Gateway.Tests;

/// <summary>Programs and libraries that know nothing of us, at either end.</summary>
public class RealPartsTests
{
    private const int BodyLength = 3 << 20;

    [ProgramFact("curl")]
    public async Task Curl_fetches_files_through_a_published_port_over_one_connection()
    {
        await using var network = new GuestNetwork();
        await using var listener = await network.Guest.ListenAsync(GuestNetwork.Self(80), null, network.Limit);
        byte[] body = OutgoingTcpTests.RandomBytes(BodyLength, seed: 11);
        var serving = ServeAsync(listener, body, requests: 3, network.Limit);
        var endpoint = network.Gateway.PublishTcp(GuestNetwork.Loopback(), 80);
        var start = new ProgramFactAttribute("curl").Start("-sS", "--max-time", "100", $"http://{endpoint}/[1-3]");
        using var curl = Process.Start(start)!;
        var complaint = curl.StandardError.ReadToEndAsync(network.Limit);
        byte[] hash = await OutgoingTcpTests.HashAsync(curl.StandardOutput.BaseStream, 3 * BodyLength, network.Limit);
        Assert.Equal(-1, curl.StandardOutput.BaseStream.ReadByte());
        await curl.WaitForExitAsync(network.Limit);
        Assert.True(curl.ExitCode == 0, $"curl ended with {curl.ExitCode}: {await complaint}");
        Assert.Equal(SHA256.HashData([.. body, .. body, .. body]), hash);
        await serving;
        Assert.Equal(1, network.Gateway.Statistics.TcpOpened);
    }

    [ProgramFact("curl")]
    public async Task Curl_uploads_to_the_guest()
    {
        await using var network = new GuestNetwork();
        await using var listener = await network.Guest.ListenAsync(GuestNetwork.Self(80), null, network.Limit);
        var endpoint = network.Gateway.PublishTcp(GuestNetwork.Loopback(), 80);
        byte[] body = OutgoingTcpTests.RandomBytes(BodyLength, seed: 12);
        var receiving = ReceiveUploadAsync(listener, network.Limit);
        var start = new ProgramFactAttribute("curl").Start("-sS", "--max-time", "100", "--data-binary", "@-", $"http://{endpoint}/");
        start.RedirectStandardInput = true;
        using var curl = Process.Start(start)!;
        await curl.StandardInput.BaseStream.WriteAsync(body, network.Limit);
        curl.StandardInput.Close();
        Assert.Equal(SHA256.HashData(body), await receiving);
        Assert.Equal("thanks", await curl.StandardOutput.ReadToEndAsync(network.Limit));
    }

    [Fact]
    public async Task The_guests_HttpClient_posts_to_a_server_on_the_host()
    {
        await using var network = new GuestNetwork();
        using var server = OutgoingTcpTests.Listen();
        byte[] body = OutgoingTcpTests.RandomBytes(BodyLength, seed: 13);
        var serving = EchoPostAsync(server, network.Limit);
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancel) =>
                (await network.Guest.ConnectAsync(new IpEndpoint(Ipv4Address.Parse(context.DnsEndPoint.Host), (ushort)context.DnsEndPoint.Port), null, cancel)).AsStream(),
        };
        using var client = new HttpClient(handler);
        using var response = await client.PostAsync(new Uri($"http://10.0.2.2:{OutgoingTcpTests.PortOf(server)}/"), new ByteArrayContent(body), network.Limit);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(body, await response.Content.ReadAsByteArrayAsync(network.Limit));
        await serving;
    }

    private static async Task ServeAsync(TcpListener listener, byte[] body, int requests, CancellationToken limit)
    {
        await using var connection = (await listener.AcceptAsync(limit))!;
        var stream = connection.AsStream();
        var head = Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n");
        for (int i = 0; i < requests; i++)
        {
            await ReadHeadAsync(stream, limit);
            await stream.WriteAsync(head, limit);
            await stream.WriteAsync(body, limit);
            await stream.FlushAsync(limit);
        }
    }

    private static async Task<byte[]> ReceiveUploadAsync(TcpListener listener, CancellationToken limit)
    {
        await using var connection = (await listener.AcceptAsync(limit))!;
        var stream = connection.AsStream();
        string head = await ReadHeadAsync(stream, limit);
        if (head.Contains("100-continue", StringComparison.OrdinalIgnoreCase)) await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), limit);
        byte[] hash = await OutgoingTcpTests.HashAsync(stream, LengthOf(head), limit);
        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nthanks"u8.ToArray(), limit);
        return hash;
    }

    private static async Task EchoPostAsync(Socket server, CancellationToken limit)
    {
        using var stream = new NetworkStream(await server.AcceptAsync(limit), ownsSocket: true);
        byte[] body = new byte[LengthOf(await ReadHeadAsync(stream, limit))];
        await stream.ReadExactlyAsync(body, limit);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n"), limit);
        await stream.WriteAsync(body, limit);
    }

    /// <summary>A request's lines up to the empty one, octet by octet, so that nothing of what follows is taken.</summary>
    private static async Task<string> ReadHeadAsync(Stream stream, CancellationToken limit)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one, limit);
            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    private static int LengthOf(string head)
    {
        string line = head.Split("\r\n").Single(l => l.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        return int.Parse(line.AsSpan(15).Trim(), CultureInfo.InvariantCulture);
    }
}

/// <summary>A test that needs a program, and says so where it is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ProgramFactAttribute : FactAttribute
{
    private readonly string? _path;

    public ProgramFactAttribute(string program)
    {
        _path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(d => Path.Combine(d, program)).FirstOrDefault(File.Exists);
        if (_path is null) Skip = $"needs the program '{program}'; ./test installs it";
    }

    /// <summary>How to start it.</summary>
    public ProcessStartInfo Start(params string[] arguments) =>
        new(_path!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
}
