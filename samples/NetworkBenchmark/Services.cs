using System.Buffers;
using Morgana.Sockets;

namespace Samples;

/// <summary>Three services that are older than most programs: any host can be the other side.</summary>
internal static class Services
{
    // RFC 864: lines of 72 characters and a line end, each beginning one character later than the one before; after 95 it is the first again.
    private const int LineLength = 72, Printable = 95;
    private const int MostConnections = 64;

    private static readonly byte[] s_lines = Lines();

    /// <summary>A peer that has vanished must not keep its place.</summary>
    public static TcpListenerOptions Options { get; } = new() { Connection = TcpConnectOptions.Default with { KeepAlive = TimeSpan.FromSeconds(30) } };

    /// <summary>Serves each connection, until it is to stop.</summary>
    public static async Task ServeAsync(TcpListener listener, Func<TcpConnection, CancellationToken, Task> serve, CancellationToken stop)
    {
        var places = new SemaphoreSlim(MostConnections);
        while (true)
        {
            await places.WaitAsync(stop);               // Whoever does not get in waits in the listener's backlog.
            if (await listener.AcceptAsync(stop) is not { } connection) return;
            _ = ServeOneAsync(connection, serve, stop).ContinueWith(_ => places.Release(), TaskScheduler.Default);
        }
    }

    /// <summary>RFC 862: what comes goes back.</summary>
    public static async Task EchoAsync(TcpConnection connection, CancellationToken stop)
    {
        while (true)
        {
            var read = await connection.Input.ReadAsync(stop);
            foreach (var piece in read.Buffer) connection.Output.Write(piece.Span);
            connection.Input.AdvanceTo(read.Buffer.End);
            await connection.Output.FlushAsync(stop);
            if (read.IsCompleted) return;
        }
    }

    /// <summary>RFC 863: what comes is thrown away. Then it closes, by which the client sees that all of it has come.</summary>
    public static async Task DiscardAsync(TcpConnection connection, CancellationToken stop)
    {
        while (true)
        {
            var read = await connection.Input.ReadAsync(stop);
            connection.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) return;
        }
    }

    /// <summary>RFC 864: characters without end, until the client has enough.</summary>
    public static async Task GenerateAsync(TcpConnection connection, CancellationToken stop)
    {
        while (!(await connection.Output.WriteAsync(s_lines, stop)).IsCompleted)
        {
        }
    }

    private static async Task ServeOneAsync(TcpConnection connection, Func<TcpConnection, CancellationToken, Task> serve, CancellationToken stop)
    {
        await using var _ = connection;
        try
        {
            await serve(connection, stop);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            connection.Abort();                         // The peer has gone, or has enough.
        }
    }

    private static byte[] Lines()
    {
        byte[] lines = new byte[Printable * (LineLength + 2)];
        for (int line = 0, at = 0; line < Printable; line++)
        {
            for (int i = 0; i < LineLength; i++) lines[at++] = (byte)(' ' + ((line + i) % Printable));
            (lines[at++], lines[at++]) = ((byte)'\r', (byte)'\n');
        }

        return lines;
    }
}
