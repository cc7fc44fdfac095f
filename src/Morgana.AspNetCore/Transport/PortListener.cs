using System.Buffers;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Morgana.Sockets;

namespace Morgana.AspNetCore;

/// <summary>One listener behind the two endpoints of a port: looks how a connection begins, without consuming it, and hands it to one of them.</summary>
/// <remarks>
/// A connection that stays silent is handed to the HTTP/1.1 endpoint after a while, so that Kestrel's own limits end it: whoever speaks
/// HTTP/2 with prior knowledge speaks first (RFC 9113 3.4).
/// </remarks>
internal sealed class PortListener
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly TcpListener _listener;
    private readonly Channel<MorganaConnectionContext>[] _halves = [NewChannel(), NewChannel()];
    private readonly object _gate = new();
    private readonly Queue<(long Deadline, TcpConnection Connection)> _silent = new();
    private readonly Timer _timer;
    private int _openHalves;

    public PortListener(TcpListener listener)
    {
        _listener = listener;
        _timer = new(static state => ((PortListener)state!).HandOverSilent(), this, Timeout.Infinite, Timeout.Infinite);
        _ = AcceptAsync();
    }

    /// <summary>Whether both halves have been given up.</summary>
    public bool IsStopped { get; private set; }

    public IConnectionListener Take(MorganaEndPoint endPoint)
    {
        lock (_gate) _openHalves++;
        return new Half(this, endPoint);
    }

    private async Task AcceptAsync()
    {
        while (await _listener.AcceptAsync() is { } connection) _ = HandOverAsync(connection);
    }

    private async Task HandOverAsync(TcpConnection connection)
    {
        bool watched = false;
        try
        {
            while (true)
            {
                if (!connection.Input.TryRead(out var read))
                {
                    if (!watched) Watch(connection);
                    watched = true;
                    read = await connection.Input.ReadAsync();
                }

                var preface = Http2Preface.Compare(read.Buffer);
                bool undecided = preface == PrefaceMatch.Prefix && !read.IsCompleted && !read.IsCanceled;
                // What was looked at counts as examined only if more is needed; Kestrel is to see it at once.
                connection.Input.AdvanceTo(read.Buffer.Start, undecided ? read.Buffer.End : read.Buffer.Start);
                if (undecided) continue;
                var half = _halves[preface == PrefaceMatch.Whole ? (int)ConnectionPreface.Http2 : (int)ConnectionPreface.Http1];
                if (!half.Writer.TryWrite(new MorganaConnectionContext(connection))) connection.Abort();
                return;
            }
        }
        catch (IOException)
        {
            // Reset by its peer before it said anything.
            await connection.DisposeAsync();
        }
    }

    private void Watch(TcpConnection connection)
    {
        lock (_gate)
        {
            if (IsStopped) return;
            // The same patience for all: the queue is in the order of its deadlines.
            _silent.Enqueue((Environment.TickCount64 + (long)Patience.TotalMilliseconds, connection));
            if (_silent.Count == 1) _timer.Change(Patience, Timeout.InfiniteTimeSpan);
        }
    }

    private void HandOverSilent()
    {
        var expired = new List<TcpConnection>();
        lock (_gate)
        {
            long now = Environment.TickCount64;
            while (_silent.TryPeek(out var first) && first.Deadline <= now) expired.Add(_silent.Dequeue().Connection);
            if (_silent.TryPeek(out var next)) _timer.Change(Math.Max(1, next.Deadline - now), Timeout.Infinite);
        }

        foreach (var connection in expired) connection.Input.CancelPendingRead();
    }

    private async ValueTask StopAsync(ConnectionPreface preface)
    {
        var channel = _halves[(int)preface];
        if (!channel.Writer.TryComplete()) return;
        lock (_gate)
        {
            if (--_openHalves > 0) return;
            IsStopped = true;
        }

        await _listener.DisposeAsync();
        await _timer.DisposeAsync();
        List<TcpConnection> silent;
        lock (_gate)
        {
            silent = [.. _silent.Select(s => s.Connection)];
            _silent.Clear();
        }

        foreach (var connection in silent) connection.Input.CancelPendingRead();
    }

    private static Channel<MorganaConnectionContext> NewChannel() => Channel.CreateUnbounded<MorganaConnectionContext>(new() { SingleReader = false });

    private sealed class Half(PortListener port, MorganaEndPoint endPoint) : IConnectionListener
    {
        public EndPoint EndPoint => endPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            var reader = port._halves[(int)endPoint.Preface].Reader;
            while (await reader.WaitToReadAsync(cancellationToken))
                if (reader.TryRead(out var connection)) return connection;
            return null;
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => port.StopAsync(endPoint.Preface);

        public async ValueTask DisposeAsync()
        {
            await port.StopAsync(endPoint.Preface);
            while (port._halves[(int)endPoint.Preface].Reader.TryRead(out var connection)) connection.Abort();
        }
    }
}
