using System.IO.Pipelines;
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
    private readonly ConnectionLimit _limit;
    private readonly Channel<MorganaConnectionContext>[] _halves = [NewChannel(), NewChannel()];
    private readonly SilentConnections _silent;
    private int _openHalves;

    public PortListener(TcpListener listener, ConnectionLimit limit, TimeProvider clock)
    {
        _listener = listener;
        _limit = limit;
        _silent = new(Patience, clock);
        _ = AcceptAsync();
    }

    /// <summary>Whether both halves have been given up.</summary>
    public bool IsStopped { get; private set; }

    public IConnectionListener Take(MorganaEndPoint endPoint)
    {
        Interlocked.Increment(ref _openHalves);
        return new Half(this, endPoint);
    }

    private async Task AcceptAsync()
    {
        while (await _listener.AcceptAsync() is { } connection)
        {
            if (_limit.TryEnter()) _ = HandOverAsync(new MorganaConnectionContext(connection, _limit), connection.Input);
            else connection.Abort();
        }
    }

    private async Task HandOverAsync(MorganaConnectionContext connection, PipeReader input)
    {
        try
        {
            var preface = await PrefaceOfAsync(input);
            bool isHttp2 = preface == PrefaceMatch.Whole;
            var half = _halves[isHttp2 ? (int)ConnectionPreface.Http2 : (int)ConnectionPreface.Http1];
            if ((isHttp2 && !connection.TryBecomeHttp2()) || !half.Writer.TryWrite(connection)) await AbortAsync(connection);
        }
        catch (IOException)
        {
            // Reset by its peer before it said anything.
            await AbortAsync(connection);
        }
    }

    private async ValueTask<PrefaceMatch> PrefaceOfAsync(PipeReader input)
    {
        LinkedListNode<(long, PipeReader)>? watch = null;
        try
        {
            while (true)
            {
                if (!input.TryRead(out var read))
                {
                    // Once the port is being stopped, nobody is waited for.
                    if ((watch ??= _silent.Watch(input)) is null) return PrefaceMatch.None;
                    read = await input.ReadAsync();
                }

                var preface = Http2Preface.Compare(read.Buffer);
                bool undecided = preface == PrefaceMatch.Prefix && !read.IsCompleted && !read.IsCanceled;
                // What was looked at counts as examined only if more is needed; Kestrel is to see it at once.
                input.AdvanceTo(read.Buffer.Start, undecided ? read.Buffer.End : read.Buffer.Start);
                if (!undecided) return preface;
            }
        }
        finally
        {
            if (watch is not null) _silent.Forget(watch);
        }
    }

    private static async ValueTask AbortAsync(MorganaConnectionContext connection)
    {
        connection.Abort();
        await connection.DisposeAsync();
    }

    private async ValueTask StopAsync(ConnectionPreface preface)
    {
        if (!_halves[(int)preface].Writer.TryComplete() || Interlocked.Decrement(ref _openHalves) > 0) return;
        IsStopped = true;
        await _listener.DisposeAsync();
        await _silent.DisposeAsync();
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
            while (port._halves[(int)endPoint.Preface].Reader.TryRead(out var connection)) await AbortAsync(connection);
        }
    }
}
