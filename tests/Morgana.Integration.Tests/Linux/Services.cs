using System.Buffers;
using System.Text;
using Morgana.Core;
using Morgana.Sockets;

namespace Morgana.Integration.Tests;

/// <summary>Small services on our stack for Linux programs to talk to.</summary>
internal static class Services
{
    /// <summary>Accepts until the listener stops, and serves each connection with <paramref name="serve"/>.</summary>
    public static async Task<TcpListener> ServeAsync(INetworkStack network, ushort port, Func<TcpConnection, Task> serve)
    {
        var listener = await network.ListenAsync(new(Ipv4Address.Any, port));
        _ = AcceptAsync();
        return listener;

        async Task AcceptAsync()
        {
            while (await listener.AcceptAsync() is { } connection) _ = RunAsync(connection);
        }

        async Task RunAsync(TcpConnection connection)
        {
            try
            {
                await serve(connection);
            }
            catch (IOException)
            {
                // The peer has gone: its test says whether it should have.
            }
            finally
            {
                await connection.DisposeAsync();
            }
        }
    }

    /// <summary>One HTTP/1.0 response for each connection: enough for curl, wget and wrk.</summary>
    public static Task<TcpListener> ServeHttpAsync(INetworkStack network, ushort port, Func<string, (int Status, byte[] Body)> respond) =>
        ServeAsync(network, port, async connection =>
        {
            string request = await ReadHeadAsync(connection);
            var (status, body) = respond(request.Split('\r')[0]);
            await connection.Output.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.0 {status} X\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"));
            await WriteAsync(connection, body);
            await connection.Output.CompleteAsync();
            await DrainAsync(connection);
        });

    public static async Task WriteAsync(TcpConnection connection, byte[] data)
    {
        for (int at = 0; at < data.Length; at += 32 * 1024)
            if ((await connection.Output.WriteAsync(data.AsMemory(at, Math.Min(32 * 1024, data.Length - at)))).IsCompleted) throw new IOException("closed");
    }

    /// <summary>Reads to the end of the stream and answers how much came, and its SHA-256.</summary>
    public static async Task<(long Length, string Hash)> DrainAsync(TcpConnection connection)
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        long length = 0;
        while (true)
        {
            var result = await connection.Input.ReadAsync();
            foreach (var piece in result.Buffer)
            {
                hash.AppendData(piece.Span);
                length += piece.Length;
            }

            connection.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted) return (length, Convert.ToHexString(hash.GetHashAndReset()));
        }
    }

    private static async Task<string> ReadHeadAsync(TcpConnection connection)
    {
        while (true)
        {
            var result = await connection.Input.ReadAsync();
            string text = Encoding.ASCII.GetString(result.Buffer.ToArray());
            int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0 && !result.IsCompleted)
            {
                connection.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                continue;
            }

            connection.Input.AdvanceTo(end < 0 ? result.Buffer.End : result.Buffer.GetPosition(end + 4));
            return text;
        }
    }
}
