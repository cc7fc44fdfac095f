using Morgana.Core;

namespace Morgana.Protocols.Tcp;

/// <summary>Congestion control after RFC 5681 with NewReno's recovery (RFC 6582) and an initial window of ten segments (RFC 6928).</summary>
internal struct NewReno
{
    private int _mss;
    private int _acknowledged;          // Octets acknowledged since cwnd last grew in congestion avoidance (RFC 3465).

    /// <summary>The congestion window in octets.</summary>
    public int Window;

    /// <summary>The slow start threshold in octets.</summary>
    public int Threshold;

    /// <summary>SND.NXT when loss was last found: acknowledgements up to there belong to that loss (RFC 6582 3.2).</summary>
    public SequenceNumber Recover;

    /// <summary>Duplicate acknowledgements in a row.</summary>
    public int Duplicates;

    /// <summary>Whether fast recovery goes on.</summary>
    public bool IsRecovering;

    /// <summary>Begins a connection.</summary>
    public void Begin(int mss, SequenceNumber iss, bool handshakeWasLossy)
    {
        _mss = mss;
        _acknowledged = 0;
        // One segment if the SYN was lost (RFC 5681 3.1).
        Window = handshakeWasLossy ? mss : InitialWindow(mss);
        Threshold = int.MaxValue / 2;
        Recover = iss;
        Duplicates = 0;
        IsRecovering = false;
    }

    /// <summary>The segment size has become smaller.</summary>
    public void SetSegmentSize(int mss)
    {
        _mss = mss;
        Window = Math.Max(Window, mss);
        Threshold = Math.Max(Threshold, 2 * mss);
    }

    /// <summary>New data was acknowledged.</summary>
    /// <returns>Whether the segment that begins at <paramref name="ack"/> is to be sent again: a partial acknowledgement.</returns>
    public bool OnNewAck(int acknowledged, SequenceNumber ack, int flightBefore, int flight)
    {
        Duplicates = 0;
        if (IsRecovering)
        {
            if (ack < Recover)
            {
                // RFC 6582 3.2 step 3, partial: deflate by what was acknowledged, and let one segment more out.
                Window = Math.Max(_mss, Window - acknowledged + (acknowledged >= _mss ? _mss : 0));
                return true;
            }

            // Full: step 3, option 1: no burst may follow.
            IsRecovering = false;
            Recover = ack - 1;
            Window = Math.Min(Threshold, Math.Max(flight, _mss) + _mss);
            return false;
        }

        // Kept close behind SND.UNA, so that it never comes to lie ahead on the ring.
        if (ack > Recover) Recover = ack - 1;

        // RFC 7661 in short: a window that was not used is not known to be good, so it does not grow.
        if (flightBefore + _mss < Window) return false;
        if (Window < Threshold)
        {
            // RFC 5681 3.1 with octets counted (RFC 3465): what was acknowledged was also delivered. The loop acknowledges a batch at
            // once, so the limit of 2 MSS for each ACK would only slow down long batches; what is in flight bounds the burst.
            Window += Math.Min(acknowledged, Math.Max(0, Threshold - Window) + _mss);
            return false;
        }

        _acknowledged += acknowledged;
        if (_acknowledged >= Window)
        {
            _acknowledged -= Window;
            Window += _mss;
        }

        return false;
    }

    /// <summary>One more duplicate acknowledgement came.</summary>
    /// <returns>Whether the first unacknowledged segment is to be sent again: fast retransmit.</returns>
    public bool OnDuplicate(SequenceNumber una, SequenceNumber next, int flight)
    {
        Duplicates++;
        if (IsRecovering)
        {
            // RFC 5681 3.2 step 4: each stands for a segment that has left the network.
            Window = Math.Min(Window + _mss, int.MaxValue / 2);
            return false;
        }

        // RFC 6582 3.2 step 2: a loss which was dealt with already, by timeout, is not one again.
        if (Duplicates != 3 || una <= Recover) return false;
        Threshold = Math.Max(flight / 2, 2 * _mss);         // RFC 5681 equation 4
        Recover = next;
        IsRecovering = true;
        Window = Threshold + (3 * _mss);
        return true;
    }

    /// <summary>How many octets beyond the window may be sent now: one segment for each of the first two duplicates (RFC 3042).</summary>
    public readonly int LimitedTransmit => !IsRecovering && Duplicates is 1 or 2 ? Duplicates * _mss : 0;

    /// <summary>The retransmission timer went off (RFC 5681 3.1; RFC 6582 3.2 step 4).</summary>
    public void OnTimeout(SequenceNumber next, int flight, bool isFirst)
    {
        // RFC 5681 3.1: only the first timeout of a segment halves the threshold.
        if (isFirst) Threshold = Math.Max(flight / 2, 2 * _mss);
        Window = _mss;
        _acknowledged = 0;
        Duplicates = 0;
        IsRecovering = false;
        Recover = next;
    }

    /// <summary>Nothing was sent for longer than a timeout: the old window says nothing about the path (RFC 5681 4.1).</summary>
    public void OnIdle() => Window = Math.Min(Window, InitialWindow(_mss));

    /// <summary>RFC 6928 2: min(10 MSS, max(2 MSS, 14600)).</summary>
    public static int InitialWindow(int mss) => Math.Min(10 * mss, Math.Max(2 * mss, 14600));
}
