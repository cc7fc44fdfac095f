using System.Buffers.Binary;
using Morgana.Core;
using Morgana.Protocols.Ip;
using Morgana.Wire.Icmp;
using Morgana.Wire.Ip;

namespace Morgana.Protocols.Icmp;

/// <summary>ICMPv4 of one host (RFC 792, RFC 1122 3.2.2): echo in both directions, and errors in both directions. Loop's thread only.</summary>
public sealed partial class IcmpStack
{
    private const int CountedTypes = 19;        // To the last of RFC 950.
    private const int MaxMessage = 65515;       // 65,535 less the smallest IP header.

    private readonly IcmpOptions _options;
    private readonly BufferPool _pool;
    private readonly IIpOutput _output;
    private readonly DropCounters _drops;
    private readonly Queue<EchoReply> _replies = new();
    private readonly Queue<EchoRequest> _requests = new();
    private readonly long[] _receivedByType = new long[CountedTypes], _sentByType = new long[CountedTypes];
    private IcmpRateLimiter _errorLimiter;

    /// <summary>ICMP over <paramref name="output"/>.</summary>
    public IcmpStack(IcmpOptions options, BufferPool pool, IIpOutput output, DropCounters drops)
    {
        _options = options;
        _pool = pool;
        _output = output;
        _drops = drops;
        _errorLimiter = new(options.ErrorsPerSecond, options.ErrorBurst);
    }

    /// <summary>Whether echo requests for addresses which are not ours are kept for <see cref="TryTakeRequest"/>: for routers.</summary>
    public bool TakesRequests { get; set; }

    /// <summary>Whether echo requests to our own addresses are kept for <see cref="TryTakeRequest"/> too, instead of being answered.</summary>
    public bool TakesOwnRequests { get; set; }

    /// <summary>Whoever wants to see every message as it came, such as raw sockets; null for nobody. It does not keep the stack from handling it.</summary>
    public IIcmpObserver? Observer { get; set; }

    /// <summary>Messages that came in.</summary>
    public long Received { get; private set; }

    /// <summary>Echo requests that we answered.</summary>
    public long EchoesAnswered { get; private set; }

    /// <summary>Errors that we sent.</summary>
    public long ErrorsSent { get; private set; }

    /// <summary>Errors that came in about packets of ours.</summary>
    public long ErrorsReceived { get; private set; }

    /// <summary>Messages that were sent.</summary>
    public long Sent { get; private set; }

    /// <summary>Messages that were cut short, or whose checksum was wrong.</summary>
    public long Damaged { get; private set; }

    /// <summary>Of these, those whose checksum was wrong.</summary>
    public long BadChecksums { get; private set; }

    /// <summary>Messages of a type that came in; types from 19 on are not counted apart.</summary>
    public long ReceivedOf(byte type) => type < CountedTypes ? _receivedByType[type] : 0;

    /// <summary>Messages of a type that were sent.</summary>
    public long SentOf(byte type) => type < CountedTypes ? _sentByType[type] : 0;

    /// <summary>Requests that wait to be taken; each holds a packet.</summary>
    public int RequestCount => _requests.Count;

    /// <summary>Handles a message, which is taken over.</summary>
    /// <param name="source">Who sent it.</param>
    /// <param name="destination">Whom it is for.</param>
    /// <param name="timeToLive">Hops that were left.</param>
    /// <param name="isGroup">Whether it came to a broadcast or multicast address.</param>
    /// <param name="isOwn">Whether the destination is an address of ours.</param>
    /// <param name="message">The message from its ICMP header on.</param>
    /// <param name="now">The time.</param>
    /// <param name="error">An error about a packet of ours, if <paramref name="hasError"/>; the caller hands it to its protocol.</param>
    /// <param name="hasError">Whether there is one.</param>
    /// <returns>Why the message was dropped (and counted), or none.</returns>
    public DropReason HandleMessage(
        IpAddress source, IpAddress destination, byte timeToLive, bool isGroup, bool isOwn, PacketBuffer message, Instant now, out PathError error, out bool hasError)
    {
        error = default;
        hasError = false;
        Received++;
        if (!message.TryPullUp(IcmpHeader.Size))
        {
            Damaged++;
            return Drop(DropReason.Truncated, message);
        }

        if (InternetChecksum.Finish(message.Sum()) != 0)
        {
            Damaged++;
            BadChecksums++;
            return Drop(DropReason.BadChecksum, message);
        }

        var reason = IcmpPacket.Parse(message.Span, out var packet);
        if (reason != DropReason.None) return Drop(reason, message);
        var header = packet.Header;
        Count(_receivedByType, (byte)header.Type);
        Observer?.HandleMessage(source, destination, timeToLive, message, now);
        switch (header.Type)
        {
            case IcmpType.EchoRequest:
                // RFC 1122 3.2.2.6: an echo to a broadcast or multicast address may be discarded; an answer is what smurf wants.
                if (isGroup) return Drop(DropReason.BroadcastEcho, message);
                if (isOwn ? TakesOwnRequests : TakesRequests) return KeepRequest(source, destination, header, timeToLive, message);
                return isOwn ? Answer(source, destination, header, message, now) : Drop(DropReason.NotOurAddress, message);
            case IcmpType.EchoReply:
                if (_replies.Count >= _options.QueueLimit) return Drop(DropReason.QueueFull, message);
                _replies.Enqueue(new(source, (ushort)(header.Rest >> 16), (ushort)header.Rest, message.Length - IcmpHeader.Size, timeToLive, now));
                message.Release();
                return DropReason.None;
            case IcmpType.Unreachable or IcmpType.TimeExceeded or IcmpType.ParameterProblem:
                reason = ReadError(destination, header, message, out error);
                if (reason != DropReason.None) return Drop(reason, message);
                error = error with { Reporter = source };
                hasError = true;
                ErrorsReceived++;
                message.Release();
                return DropReason.None;
            default:
                // Source quench (RFC 6633 3) and redirects, which anybody could forge, among them.
                return Drop(DropReason.UnknownIcmpType, message);
        }
    }

    /// <summary>Sends an echo request; the answer comes by <see cref="TryTakeReply"/>.</summary>
    public DropReason SendEcho(IpAddress to, ushort identifier, ushort sequence, ReadOnlySpan<byte> payload, Instant now)
    {
        if (!_output.TrySelectSource(to, out var source)) return _drops.Count(DropReason.NoRoute);
        return SendEcho(IcmpType.EchoRequest, source, to, identifier, sequence, payload, now);
    }

    /// <summary>Answers an echo request that was taken by <see cref="TryTakeRequest"/>.</summary>
    /// <param name="from">The address that was asked.</param>
    /// <param name="to">Who asked.</param>
    /// <param name="identifier">From the request.</param>
    /// <param name="sequence">From the request.</param>
    /// <param name="payload">What came back.</param>
    /// <param name="now">The time.</param>
    public DropReason SendEchoReply(IpAddress from, IpAddress to, ushort identifier, ushort sequence, ReadOnlySpan<byte> payload, Instant now) =>
        SendEcho(IcmpType.EchoReply, from, to, identifier, sequence, payload, now);

    /// <summary>Sends a message as it is, checksum included.</summary>
    /// <param name="route">Where to, and how; its protocol is ICMP.</param>
    /// <param name="message">From the ICMP header on.</param>
    /// <param name="now">The time.</param>
    public DropReason Send(in IpRoute route, ReadOnlySpan<byte> message, Instant now)
    {
        if (message.Length > MaxMessage) return _drops.Count(DropReason.TooBig);
        if (!_pool.TryRentPacket(PacketBuffer.Headroom, out var packet)) return _drops.Count(DropReason.NoBuffer);
        if (packet.TryAppend(message)) return Send(route, message.IsEmpty ? byte.MaxValue : message[0], packet, now);
        packet.Release();
        return _drops.Count(DropReason.NoBuffer);
    }

    /// <summary>Whether <see cref="TryTakeReply"/> has something to tell.</summary>
    public bool HasNews => _replies.Count > 0;

    /// <summary>The next answer to an echo request.</summary>
    public bool TryTakeReply(out EchoReply reply) => _replies.TryDequeue(out reply);

    /// <summary>The next echo request that is not ours to answer. The caller owns its payload now.</summary>
    public bool TryTakeRequest(out EchoRequest request) => _requests.TryDequeue(out request);

    private DropReason SendEcho(IcmpType type, IpAddress from, IpAddress to, ushort identifier, ushort sequence, ReadOnlySpan<byte> payload, Instant now)
    {
        if (!from.IsIpv4 || !to.IsIpv4) return _drops.Count(DropReason.NoRoute);
        if (!_pool.TryRentPacket(PacketBuffer.Headroom, out var packet)) return _drops.Count(DropReason.NoBuffer);
        if (payload.Length > 65507 || !packet.TryAppend(payload))
        {
            packet.Release();
            return _drops.Count(payload.Length > 65507 ? DropReason.TooBig : DropReason.NoBuffer);
        }

        IcmpHeader.Echo(type, identifier, sequence).PushTo(packet);
        return Send(new(from, to, IpProtocol.Icmp), (byte)type, packet, now);
    }

    private DropReason Send(in IpRoute route, byte type, PacketBuffer message, Instant now)
    {
        Sent++;
        Count(_sentByType, type);
        return _output.Send(route, message, now);
    }

    private static void Count(long[] counts, byte type)
    {
        if (type < counts.Length) counts[type]++;
    }

    // RFC 1122 3.2.2.6: the reply is the request, with the data unchanged; the received buffer goes back.
    private DropReason Answer(IpAddress source, IpAddress destination, in IcmpHeader header, PacketBuffer message, Instant now)
    {
        var span = message.Span;
        ushort checksum = BinaryPrimitives.ReadUInt16BigEndian(span[2..]);
        ushort before = BinaryPrimitives.ReadUInt16BigEndian(span);
        span[0] = (byte)IcmpType.EchoReply;
        span[1] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(span[2..], InternetChecksum.Update(checksum, before, 0));
        message.Offload = default;
        EchoesAnswered++;
        return Send(new(destination, source, IpProtocol.Icmp), (byte)IcmpType.EchoReply, message, now);
    }

    private DropReason KeepRequest(IpAddress source, IpAddress destination, in IcmpHeader header, byte timeToLive, PacketBuffer message)
    {
        if (_requests.Count >= _options.QueueLimit) return Drop(DropReason.QueueFull, message);
        if (_requests.Count > 0 && !_pool.HasRoom) return Drop(DropReason.NoBuffer, message);
        message.TrimStart(IcmpHeader.Size);
        _requests.Enqueue(new(source, destination, (ushort)(header.Rest >> 16), (ushort)header.Rest, timeToLive, message));
        return DropReason.None;
    }

    private DropReason Drop(DropReason reason, PacketBuffer message)
    {
        message.Release();
        return _drops.Count(reason);
    }
}
