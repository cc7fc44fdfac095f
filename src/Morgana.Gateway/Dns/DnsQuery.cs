using System.Net;
using System.Net.Sockets;
using Morgana.Core;
using Morgana.Gateway.Loop;
using Morgana.Gateway.Udp;

namespace Morgana.Gateway.Dns;

/// <summary>One question of the guest's: asked at one resolver after the other, until the first answer.</summary>
/// <remarks>Each resolver is asked from a socket, and so from a random port, of its own (RFC 5452 9.2). Late answers still count.</remarks>
internal sealed class DnsQuery(GatewayLoop loop, DnsRelay relay, IpEndpoint guest, byte[] question, IReadOnlyList<IPEndPoint> resolvers) : Flow, IHostOperationOwner
{
    /// <summary>RFC 1035 4.1.1.</summary>
    public const int HeaderSize = 12;

    private readonly List<(Socket Socket, HostOperation Readable)> _asked = [];
    private int _next;
    private bool _closed;

    /// <inheritdoc/>
    public override bool IsIdle => _asked.All(a => !a.Readable.IsPending);

    /// <summary>Asks the next resolver; if there is none, the guest is told that its question failed.</summary>
    public void AskNext(Instant now)
    {
        relay.Renew(this, now);
        while (!_closed && _next < resolvers.Count)
            if (TryAsk(resolvers[_next++], now)) return;
        if (_closed) return;
        loop.Counters.DnsFailed++;
        AnswerFailure(now);
        Abort(now);
    }

    /// <inheritdoc/>
    public void OnCompleted(HostOperation operation, Instant now)
    {
        if (_closed)
        {
            if (IsIdle) relay.OnDrained();
            return;
        }

        // The next resolver joins the list: it is not to be walked through meanwhile.
        var (socket, readable) = _asked.Find(a => ReferenceEquals(a.Readable, operation));
        if (!TryReceive(socket, readable, now)) AskNext(now);
    }

    /// <inheritdoc/>
    public override void Abort(Instant now)
    {
        if (_closed) return;
        _closed = true;
        foreach (var (socket, _) in _asked) socket.Dispose();
        relay.Remove(this);
    }

    private bool TryAsk(IPEndPoint resolver, Instant now)
    {
        Socket socket;
        try
        {
            socket = HostDatagrams.Connect(resolver, ProtocolType.Udp);
        }
        catch (SocketException)
        {
            return false;                               // No way there from this host: the next one.
        }

        var readable = new HostOperation(loop, this);
        _asked.Add((socket, readable));
        socket.Send(question, SocketFlags.None, out var error);
        return error == SocketError.Success && TryReceive(socket, readable, now);
    }

    /// <summary>Takes the answer, or waits for it.</summary>
    /// <returns>False if this resolver will not answer.</returns>
    private bool TryReceive(Socket socket, HostOperation readable, Instant now)
    {
        while (true)
        {
            int length = socket.Receive(loop.Scratch, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
            {
                if (readable.TryWaitReadable(socket)) return true;
                error = readable.SocketError;
                if (error == SocketError.Success) continue;
            }

            if (error != SocketError.Success) return false;     // Refused: nobody listens there.
            var answer = loop.Scratch.AsSpan(0, length);
            if (!IsAnswer(answer)) continue;
            relay.Answer(guest, answer, now);
            Abort(now);
            return true;
        }
    }

    // RFC 5452 4.2: the identifier has to match; the kernel has checked addresses and ports.
    private bool IsAnswer(ReadOnlySpan<byte> answer) =>
        answer.Length >= HeaderSize && (answer[2] & 0x80) != 0 && answer[0] == question[0] && answer[1] == question[1];

    /// <summary>RFC 1035 4.1.1: the question, as an answer with RCODE 2, server failure. Sooner than the guest's own time-out.</summary>
    private void AnswerFailure(Instant now)
    {
        var answer = loop.Scratch.AsSpan(0, question.Length);
        question.CopyTo(answer);
        answer[2] |= 0x80;
        answer[3] = (byte)((answer[3] & 0xF0) | 0x80 | 2);
        relay.Answer(guest, answer, now);
    }
}
