using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>Samples that know nothing of Morgana, as images.</summary>
public class PlainSampleTests
{
    private const int Interrupt = 2;

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

    private static uint Seconds() => (uint)(DateTime.UtcNow - new DateTime(1900, 1, 1, 0, 0, 0, DateTimeKind.Utc)).TotalSeconds;

    private static async Task EndAsync(MorganaCommand command)
    {
        command.Signal(Interrupt);
        var (status, _, error) = await command.EndAsync();
        Assert.True(status == 0, error);
    }
}
