using System.Buffers;
using System.IO.Pipelines;
using Morgana.Core;
using Morgana.Sockets;

namespace Samples;

/// <summary>What went one way.</summary>
internal readonly record struct Transfer(long Octets, TimeSpan Elapsed);

/// <summary>How long answers took, sorted.</summary>
internal readonly record struct Answers(TimeSpan[] Times, TimeSpan Elapsed);

/// <summary>The client's side of each measurement. The connections are open before the clock runs.</summary>
internal sealed class NetworkClient(INetworkStack network, TimeProvider clock, IpAddress server, int connections, TimeSpan limit)
{
    private const int Piece = 64 << 10;
    private long _begun;

    private bool IsTimeLeft => clock.GetElapsedTime(_begun) < limit;

    /// <summary>Until the server has taken all of it, and closed.</summary>
    public Task<Transfer> SendAsync(ushort port, long octets, CancellationToken stop) => MoveAsync(port, octets, SendAsync, stop);

    public Task<Transfer> ReceiveAsync(ushort port, long octets, CancellationToken stop) => MoveAsync(port, octets, ReceiveAsync, stop);

    /// <summary>One request after the other on each connection.</summary>
    /// <exception cref="IOException">An answer was not its request.</exception>
    public async Task<Answers> AskAsync(ushort port, int requests, int size, CancellationToken stop)
    {
        var open = await OpenAsync(port, stop);
        try
        {
            _begun = clock.GetTimestamp();
            var times = await Task.WhenAll(open.Select((c, i) => AskAsync(c, Share(requests, i), size, stop)));
            return new([.. times.SelectMany(t => t).Order()], clock.GetElapsedTime(_begun));
        }
        finally
        {
            foreach (var connection in open) await connection.DisposeAsync();
        }
    }

    private async Task<Transfer> MoveAsync(ushort port, long octets, Func<TcpConnection, long, CancellationToken, Task<long>> move, CancellationToken stop)
    {
        var open = await OpenAsync(port, stop);
        try
        {
            _begun = clock.GetTimestamp();
            long[] moved = await Task.WhenAll(open.Select((c, i) => move(c, Share(octets, i), stop)));
            return new(moved.Sum(), clock.GetElapsedTime(_begun));
        }
        finally
        {
            foreach (var connection in open) await connection.DisposeAsync();
        }
    }

    private async Task<List<TcpConnection>> OpenAsync(ushort port, CancellationToken stop)
    {
        var open = new List<TcpConnection>();
        try
        {
            while (open.Count < connections) open.Add(await network.ConnectAsync(new(server, port), cancel: stop));
            return open;
        }
        catch
        {
            foreach (var connection in open) await connection.DisposeAsync();
            throw;
        }
    }

    private long Share(long whole, int index) => (whole / connections) + (index < whole % connections ? 1 : 0);

    private async Task<long> SendAsync(TcpConnection connection, long octets, CancellationToken stop)
    {
        byte[] piece = new byte[Piece];
        long sent = 0;
        while (sent < octets && IsTimeLeft)
        {
            int length = (int)Math.Min(octets - sent, piece.Length);
            await connection.Output.WriteAsync(piece.AsMemory(0, length), stop);
            sent += length;
        }

        await connection.Output.CompleteAsync();
        await ReadAsync(connection.Input, long.MaxValue, stop);
        return sent;
    }

    private async Task<long> ReceiveAsync(TcpConnection connection, long octets, CancellationToken stop)
    {
        long received = await ReadAsync(connection.Input, octets, stop);
        connection.Abort();                     // It would go on for ever.
        return received;
    }

    private async Task<long> ReadAsync(PipeReader input, long most, CancellationToken stop)
    {
        long received = 0;
        while (received < most && IsTimeLeft)
        {
            var read = await input.ReadAsync(stop);
            received += read.Buffer.Length;
            input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) break;
        }

        return received;
    }

    private async Task<List<TimeSpan>> AskAsync(TcpConnection connection, long requests, int size, CancellationToken stop)
    {
        byte[] request = new byte[size];
        var times = new List<TimeSpan>();
        while (times.Count < requests && IsTimeLeft)
        {
            long from = clock.GetTimestamp();
            request.AsSpan().Fill((byte)times.Count);
            await connection.Output.WriteAsync(request, stop);
            var answer = await connection.Input.ReadAtLeastAsync(size, stop);
            var time = clock.GetElapsedTime(from);
            if (answer.Buffer.Length != size || !IsEqual(answer.Buffer, request)) throw new IOException("the answer is not what was asked");
            connection.Input.AdvanceTo(answer.Buffer.End);
            times.Add(time);
        }

        return times;
    }

    private static bool IsEqual(ReadOnlySequence<byte> answer, ReadOnlySpan<byte> request)
    {
        foreach (var piece in answer)
        {
            if (!piece.Span.SequenceEqual(request[..piece.Length])) return false;
            request = request[piece.Length..];
        }

        return true;
    }
}
