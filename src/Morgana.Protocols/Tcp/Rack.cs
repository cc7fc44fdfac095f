using Morgana.Core;

namespace Morgana.Protocols.Tcp;

/// <summary>Loss detection by time (RFC 8985): what was sent before something that has arrived is lost, unless it may only be late.</summary>
internal struct Rack
{
    private SequenceNumber _highest;    // RACK.fack
    private SequenceNumber _roundEnd;   // RACK.dsack_round
    private bool _isInRound;
    private bool _sawReordering;
    private int _quarters;              // RACK.reo_wnd_mult
    private int _persist;               // RACK.reo_wnd_persist

    /// <summary>The place in the order of sending of the latest transmission that has arrived; see <see cref="SegmentRecord.Order"/>.</summary>
    public uint Order { get; private set; }

    /// <summary>The round-trip time of that transmission.</summary>
    public TimeSpan RoundTrip { get; private set; }

    /// <summary>Whether anything has arrived yet.</summary>
    public bool HasSample { get; private set; }

    /// <summary>Begins a connection.</summary>
    public void Begin(SequenceNumber iss)
    {
        this = default;
        _highest = iss;
        _quarters = 1;
    }

    /// <summary>A segment was acknowledged or SACKed for the first time (RFC 8985 6.2, steps 2 and 3).</summary>
    /// <param name="record">The segment.</param>
    /// <param name="roundTrip">The time since it was last sent.</param>
    public void OnDelivered(in SegmentRecord record, TimeSpan roundTrip)
    {
        if (!HasSample || unchecked((int)(record.Order - Order)) > 0)
        {
            Order = record.Order;
            RoundTrip = roundTrip;
            HasSample = true;
        }

        var end = record.End;
        if (end > _highest) _highest = end;
        else if (end < _highest && record.Retransmissions == 0) _sawReordering = true;
    }

    /// <summary>The peer says that something came twice: we were too quick, at most once a round trip (RFC 8985 6.2, step 4).</summary>
    public void OnDuplicateReported(SequenceNumber una, SequenceNumber next)
    {
        if (_isInRound && una < _roundEnd) return;
        _isInRound = true;
        _roundEnd = next;
        _quarters = Math.Min(_quarters + 1, 64);
        _persist = 16;
    }

    /// <summary>Fast recovery is over: what was learned of reordering is forgotten after 16 of them.</summary>
    public void OnRecovered()
    {
        if (_persist > 0 && --_persist == 0) _quarters = 1;
    }

    /// <summary>How late a segment may be (RFC 8985 6.2, step 4).</summary>
    /// <param name="isLossKnown">Whether recovery goes on, or three segments were SACKed beyond a hole (the DupThresh of RFC 5681).</param>
    /// <param name="minimum">The least round-trip time.</param>
    /// <param name="smoothed">The smoothed round-trip time.</param>
    public readonly TimeSpan ReorderingWindow(bool isLossKnown, TimeSpan minimum, TimeSpan smoothed)
    {
        if (!_sawReordering && isLossKnown) return TimeSpan.Zero;
        long ticks = _quarters * minimum.Ticks / 4;
        return new(Math.Min(ticks, smoothed.Ticks));
    }

    /// <summary>Whether a transmission was made before the latest that has arrived.</summary>
    public readonly bool IsOvertaken(uint order) => HasSample && unchecked((int)(order - Order)) < 0;
}
