using Morgana.Core;

namespace Morgana.Protocols.Tcp;

// Negative advice to IP: who does not answer may be looked for in the wrong place.
public sealed partial class TcpStack
{
    private const int SuspectCapacity = 16;
    private readonly IpAddress[] _suspects = new IpAddress[SuspectCapacity];
    private int _suspectHead;
    private int _suspectCount;

    /// <summary>Takes a peer that has left several retransmissions unanswered: its next hop is worth being asked for again
    /// (RFC 9293 3.8.3, R1; RFC 1122 3.3.1.4).</summary>
    /// <remarks>Poll it after <see cref="HandleTimeouts"/>. The queue is short, and what does not fit is lost: a peer that stays silent is named again.</remarks>
    public bool TryTakeSuspect(out IpAddress peer)
    {
        if (_suspectCount == 0)
        {
            peer = default;
            return false;
        }

        peer = _suspects[_suspectHead];
        _suspectHead = (_suspectHead + 1) % SuspectCapacity;
        _suspectCount--;
        return true;
    }

    internal void Suspect(IpAddress peer)
    {
        if (_suspectCount == SuspectCapacity) return;
        _suspects[(_suspectHead + _suspectCount++) % SuspectCapacity] = peer;
    }
}
