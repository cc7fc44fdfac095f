using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>Samples that know nothing of Morgana, as images.</summary>
public class PlainSampleTests
{
    private const int Interrupt = 2;
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task The_time_server_tells_the_time_over_UDP()
    {
        using var command = MorganaCommand.Start("run", await Image.OfAsync("samples/TimeServer"), "--publish", "0:37/udp");
        int port = await command.PortAsync(37, isUdp: true);
        await command.LineAsync("The time is told");
        using var socket = new UdpClient();
        uint before = Seconds(), told = 0;
        for (int tries = 0; tries < 30 && told == 0; tries++)
        {
            // A datagram may be lost, and so may its answer.
            await socket.SendAsync(new byte[1], new IPEndPoint(IPAddress.Loopback, port));
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            try
            {
                told = BinaryPrimitives.ReadUInt32BigEndian((await socket.ReceiveAsync(patience.Token)).Buffer);
            }
            catch (OperationCanceledException)
            {
            }
        }

        Assert.InRange(told, before, Seconds());
        await EndAsync(command);
    }

    [Fact]
    public async Task Whatever_one_says_in_the_chat_all_hear()
    {
        using var command = MorganaCommand.Start("run", await Image.OfAsync("samples/Chat"), "--publish", "0:80");
        int port = await command.PortAsync(80);
        using var client = new HttpClient { BaseAddress = new Uri($"http://localhost:{port}/") };
        Assert.Contains("<!DOCTYPE html>", await client.GetStringAsync("/"), StringComparison.OrdinalIgnoreCase);
        using var ada = await EnterAsync(port);
        using var grace = await EnterAsync(port);
        await SayAsync(ada, """{"type":1,"target":"Say","arguments":["Ada","Good morning"]}""");
        Assert.Equal(["Ada", "Good morning"], await HearAsync(ada));
        Assert.Equal(["Ada", "Good morning"], await HearAsync(grace));
        await EndAsync(command);
    }

    // https://github.com/dotnet/aspnetcore, src/SignalR/docs/specs/HubProtocol.md: a handshake; then JSON, each message ended by 0x1E.
    private static async Task<ClientWebSocket> EnterAsync(int port)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://localhost:{port}/room"), CancellationToken.None).WaitAsync(s_limit);
        await SayAsync(socket, """{"protocol":"json","version":1}""");
        Assert.Equal("{}", await ReadAsync(socket));
        return socket;
    }

    private static Task SayAsync(ClientWebSocket socket, string message) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(message + "\x1e"), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    private static async Task<string[]> HearAsync(ClientWebSocket socket)
    {
        while (true)
        {
            var message = JsonDocument.Parse(await ReadAsync(socket)).RootElement;
            // 6 is a ping.
            if (message.GetProperty("type").GetInt32() != 1) continue;
            Assert.Equal("said", message.GetProperty("target").GetString());
            return [.. message.GetProperty("arguments").EnumerateArray().Select(a => a.GetString()!)];
        }
    }

    private static async Task<string> ReadAsync(ClientWebSocket socket)
    {
        // The protocol's messages are as long as one of WebSockets here, and these are short.
        byte[] buffer = new byte[4096];
        var read = await socket.ReceiveAsync(buffer, CancellationToken.None).WaitAsync(s_limit);
        Assert.True(read.EndOfMessage && buffer[read.Count - 1] == 0x1e);
        return Encoding.UTF8.GetString(buffer, 0, read.Count - 1);
    }

    private static uint Seconds() => (uint)(DateTime.UtcNow - new DateTime(1900, 1, 1, 0, 0, 0, DateTimeKind.Utc)).TotalSeconds;

    private static async Task EndAsync(MorganaCommand command)
    {
        command.Signal(Interrupt);
        var (status, _, error) = await command.EndAsync();
        Assert.True(status == 0, error);
    }
}
