using Morgana.Core;

namespace Morgana.Protocols.Icmp;

/// <summary>Limits of an <see cref="IcmpStack"/>.</summary>
public sealed record IcmpOptions
{
    /// <summary>Errors that we send in a second, at most.</summary>
    public int ErrorsPerSecond { get; init; } = 200;

    /// <summary>Errors that we send at once, at most.</summary>
    public int ErrorBurst { get; init; } = 50;

    /// <summary>Echo replies, and requests for others, that wait to be taken.</summary>
    public int QueueLimit { get; init; } = 64;
}

/// <summary>What went wrong on a packet's way (RFC 792; RFC 1122 3.2.2).</summary>
public enum PathErrorKind : byte
{
    /// <summary>No route to the network.</summary>
    NetworkUnreachable,
    /// <summary>The host does not answer.</summary>
    HostUnreachable,
    /// <summary>The host does not speak the protocol.</summary>
    ProtocolUnreachable,
    /// <summary>Nobody listens at the port.</summary>
    PortUnreachable,
    /// <summary>Too big for a link on the way.</summary>
    FragmentationNeeded,
    /// <summary>A filter forbids it.</summary>
    Prohibited,
    /// <summary>The time to live ran out, or fragments were missing.</summary>
    TimeExceeded,
    /// <summary>A router or host could not make sense of the header.</summary>
    ParameterProblem,
}

/// <summary>An error about a packet that we sent, or that claims to be.</summary>
/// <param name="Kind">What went wrong.</param>
/// <param name="Protocol">What the packet carried.</param>
/// <param name="Local">Where it came from; the port where the protocol has one.</param>
/// <param name="Remote">Where it was to go.</param>
public readonly record struct PathError(PathErrorKind Kind, byte Protocol, IpEndpoint Local, IpEndpoint Remote)
{
    /// <summary>Of TCP: the segment's sequence number, which tells a forger from a router (RFC 5927 4.1).</summary>
    public SequenceNumber Sequence { get; init; }

    /// <summary>Of <see cref="PathErrorKind.FragmentationNeeded"/>: the next hop's MTU as the router says, or 0.</summary>
    public int Mtu { get; init; }

    /// <summary>Who says so; an address of our own where the link said it.</summary>
    public IpAddress Reporter { get; init; }

    /// <summary>The packet's total length.</summary>
    public int PacketLength { get; init; }
}

/// <summary>An answer to an echo request of ours.</summary>
/// <param name="From">Who answered.</param>
/// <param name="Identifier">Who asked.</param>
/// <param name="Sequence">Which of the questions.</param>
/// <param name="PayloadLength">Octets that came back.</param>
/// <param name="TimeToLive">Hops that were left.</param>
/// <param name="ReceivedAt">When.</param>
public readonly record struct EchoReply(IpAddress From, ushort Identifier, ushort Sequence, int PayloadLength, byte TimeToLive, Instant ReceivedAt);

/// <summary>An echo request for an address that is not ours, for a router to carry on.</summary>
/// <param name="From">Who asks.</param>
/// <param name="To">Who is asked.</param>
/// <param name="Identifier">The asker's number for itself.</param>
/// <param name="Sequence">Which of the questions.</param>
/// <param name="TimeToLive">Hops that it may still go.</param>
/// <param name="Payload">The data; whoever takes the request releases it.</param>
public readonly record struct EchoRequest(IpAddress From, IpAddress To, ushort Identifier, ushort Sequence, byte TimeToLive, PacketBuffer Payload);

/// <summary>Sees ICMP messages as they come. Loop's thread only; what it is given is valid for the call.</summary>
public interface IIcmpObserver
{
    /// <summary>A message with a right checksum.</summary>
    /// <param name="source">Who sent it.</param>
    /// <param name="destination">Whom it was for.</param>
    /// <param name="timeToLive">Hops that were left.</param>
    /// <param name="message">The message from its header on: to look at, not to keep.</param>
    /// <param name="now">The time.</param>
    void HandleMessage(IpAddress source, IpAddress destination, byte timeToLive, PacketBuffer message, Instant now);

    /// <summary>An error about an ICMP message of ours.</summary>
    void HandleError(in PathError error, Instant now);
}
