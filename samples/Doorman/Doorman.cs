using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using Morgana.Composition;
using Morgana.Core;
using Morgana.Devices;
using Morgana.Sockets;

namespace Samples;

/// <summary>A secret: whoever knows the password is let in. The runner hands it over apart from everything that others can see.</summary>
[Unikernel(Help = "Lets in whoever knows the password.")]
public sealed partial class Doorman(INetworkStack network, IConsole console, [Secret(Help = "What one has to say to be let in.")] string password)
{
    private const int LongestLine = 256;

    [BootArgument(Help = "Where it listens.", Minimum = 1)]
    public ushort Port { get; init; } = 80;

    [BootArgument(Help = "How long a visitor may think.")]
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    public async Task RunAsync(CancellationToken stop)
    {
        await using var listener = await network.ListenAsync(new(Ipv4Address.Any, Port), cancel: stop);
        while (await listener.AcceptAsync(stop) is { } visitor) _ = AskAsync(visitor, stop);
    }

    private async Task AskAsync(TcpConnection visitor, CancellationToken stop)
    {
        await using var _ = visitor;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(Patience);
        try
        {
            if (await ReadLineAsync(visitor.Input, patience.Token) is not { } said) return;
            // Compared in a time that does not tell how much of it was right.
            bool isRight = CryptographicOperations.FixedTimeEquals(said, Encoding.UTF8.GetBytes(password));
            console.WriteLine($"{visitor.RemoteEndpoint.Address} was {(isRight ? "let in" : "turned away")}");
            await visitor.Output.WriteAsync(isRight ? "Come in.\n"u8.ToArray() : "No.\n"u8.ToArray(), patience.Token);
            await visitor.Output.CompleteAsync();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            visitor.Abort();
        }
    }

    /// <summary>A line without its end; null if the visitor goes before it is whole, or goes on for too long.</summary>
    private static async Task<byte[]?> ReadLineAsync(PipeReader input, CancellationToken cancel)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancel);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                byte[] line = read.Buffer.Slice(0, end).ToArray();
                input.AdvanceTo(read.Buffer.GetPosition(1, end));
                return line;
            }

            bool isOver = read.IsCompleted || read.Buffer.Length > LongestLine;
            // What nobody has read when a connection is closed would reset it.
            input.AdvanceTo(isOver ? read.Buffer.End : read.Buffer.Start, read.Buffer.End);
            if (isOver) return null;
        }
    }
}
