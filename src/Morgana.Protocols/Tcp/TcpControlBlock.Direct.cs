using Morgana.Core;

namespace Morgana.Protocols.Tcp;

// Both ends of a connection in one stack: octets go from the one's application into the other's receive queue. It is as if a segment had
// come and its acknowledgement had gone back at once, and is done only where nothing else could have happened: nothing is queued or in
// flight before them, nothing is missing, and the window has room. Everything else goes by segments, as between any two hosts.
public sealed partial class TcpControlBlock
{
    // Numbers that only segments bring up to date must not fall behind by half of the number space.
    private const int HandedOverLimit = 1 << 29;

    private TcpControlBlock? _otherEnd;     // The last that was found; it may have become another connection's since.
    private bool _mayBeHere;
    private int _handedOver;                // Since our last segment.

    /// <summary>Hands octets over to the other end, if it is here and they are just what it would take next.</summary>
    /// <returns>How many.</returns>
    private int HandOver(ReadOnlySpan<byte> data, Instant now)
    {
        // What the other end is owed an acknowledgement of, a segment tells.
        if (LastAckSent != RcvNxt || _handedOver > HandedOverLimit) return 0;
        if (State != TcpState.Established || _unsent > 0 || _records.Count > 0 || _finQueued || !TryFindOtherEnd(out var other)) return 0;
        // RFC 9293 3.10.7.4: the states and numbers with which a segment would be taken in order, and its acknowledgement be news.
        if (other.State != TcpState.Established || other.IsReleased || other._hasLaterFin || other.OutOfOrder.Count > 0) return 0;
        if (other.RcvNxt != SndNxt || SndUna != SndNxt) return 0;
        int spare = Math.Max(0, _stack.SpareBlocks) * PoolBlock.Size;
        int room = Math.Min(Math.Min(SndWnd, other.ReceiveRoom), spare);
        int taken = room <= 0 ? 0 : other.ReceiveQueue.Append(data[..Math.Min(data.Length, room)], _stack.Pool);
        if (taken == 0) return 0;
        SndNxt += taken;
        SndUna = SndNxt;
        other.RcvNxt = other.LastAckSent = SndNxt;
        _lastHeardAt = other._lastHeardAt = now;
        _handedOver += taken;
        TakeWindow(other, now);
        _stack.Statistics.OctetsSent += taken;
        _stack.Statistics.OctetsReceived += taken;
        other.Raise(TcpEvents.Readable);
        return taken;
    }

    /// <summary>Tells the other end, if it is here, of a window that has opened: as an acknowledgement would.</summary>
    private bool TryTellOtherEnd(Instant now)
    {
        if (!TryFindOtherEnd(out var other) || !other.IsSynchronised || other.SndUna != RcvNxt) return false;
        other.TakeWindow(this, now);
        other.Settle(now);
        return true;
    }

    // What an acknowledgement without data does to SND.WND; the numbers in it are those that both ends know.
    private void TakeWindow(TcpControlBlock from, Instant now)
    {
        from.AdvertiseWindow();
        SetSendWindow(from.RcvAdv - from.RcvNxt, from.SndNxt, from.RcvNxt, now);
    }

    private void BeginDirect()
    {
        _otherEnd = null;
        _mayBeHere = true;
        _handedOver = 0;
    }

    private bool TryFindOtherEnd([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out TcpControlBlock? other)
    {
        other = _otherEnd;
        if (other is not null && other.Id < _stack.Slots.Length && ReferenceEquals(_stack.Slots[other.Id], other) && other.Local == Remote && other.Remote == Local) return true;
        other = null;
        if (!_mayBeHere) return false;
        _otherEnd = other = _stack.Find(Remote, Local);
        // A peer that is elsewhere stays there.
        if (other is null || ReferenceEquals(other, this)) (_otherEnd, _mayBeHere, other) = (null, false, null);
        return other is not null;
    }
}
