using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Morgana.Core;
using Morgana.Gateway.Loop;
using Morgana.Gateway.Udp;

namespace Morgana.Gateway.Icmp;

/// <summary>One program of the guest's that pings one address. The host's kernel sets the identifier, and lets only answers through.</summary>
internal sealed class EchoFlow : Flow, IHostOperationOwner, ILoopFlow
{
    /// <summary>RFC 792: type, code, checksum, identifier, sequence number.</summary>
    public const int HeaderSize = 8;

    private readonly GatewayLoop _loop;
    private readonly EchoRelay _relay;
    private readonly Socket _host;
    private readonly HostOperation _readable;
    private bool _closed;

    /// <summary>Opens the host's socket.</summary>
    /// <exception cref="SocketException">This user may not, or there is no way.</exception>
    public EchoFlow(GatewayLoop loop, EchoRelay relay, EchoKey key, Ipv4Address outside)
    {
        (_loop, _relay, Key) = (loop, relay, key);
        _readable = new HostOperation(loop, this);
        _host = HostDatagrams.Connect(new IPEndPoint(outside.ToHost(), 0), ProtocolType.Icmp);
    }

    /// <summary>Who pings whom.</summary>
    public EchoKey Key { get; }

    /// <inheritdoc/>
    public override bool IsIdle => !_readable.IsPending;

    /// <summary>Sends a request: <paramref name="message"/> has room for the header in front of the data.</summary>
    public void Send(Span<byte> message, ushort sequence, Instant now)
    {
        message[..HeaderSize].Clear();
        message[0] = 8;                                             // RFC 792: echo. Identifier and checksum are the kernel's.
        BinaryPrimitives.WriteUInt16BigEndian(message[6..], sequence);
        _host.Send(message, SocketFlags.None, out var error);
        if (error == SocketError.Success) _loop.Counters.Pings++;
        else _loop.Counters.PingsDropped++;
        _relay.Touch(this, now);
        Pump(now);
    }

    /// <inheritdoc/>
    public void Pump(Instant now)
    {
        if (_closed || _readable.IsPending) return;
        for (int budget = 16; budget > 0; budget--)
        {
            int length = _host.Receive(_loop.Scratch, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock && _readable.TryWaitReadable(_host)) return;
            if (error != SocketError.Success || length < HeaderSize || _loop.Scratch[0] != 0) continue;
            var reply = _loop.Scratch.AsSpan(0, length);
            _relay.Answer(Key, BinaryPrimitives.ReadUInt16BigEndian(reply[6..]), reply[HeaderSize..], now);
        }

        _loop.Again(this);
    }

    /// <inheritdoc/>
    public void OnCompleted(HostOperation operation, Instant now)
    {
        if (_closed) _relay.OnDrained();
        else Pump(now);
    }

    /// <inheritdoc/>
    public override void Abort(Instant now)
    {
        if (_closed) return;
        _closed = true;
        _host.Dispose();
        _relay.Remove(this);
    }
}
