using Morgana.Core;

namespace Morgana.Protocols.Tcp;

/// <summary>What a sender is doing about losses.</summary>
internal enum RecoveryState : byte
{
    /// <summary>Nothing is known to be lost.</summary>
    Open,

    /// <summary>Fast recovery: losses were found while acknowledgements came.</summary>
    Fast,

    /// <summary>After a timeout.</summary>
    Timeout,
}

/// <summary>
/// How much may be under way: congestion control after RFC 5681 with an initial window of ten segments (RFC 6928), and proportional rate
/// reduction during recovery (RFC 6937).
/// </summary>
internal struct CongestionControl
{
    private int _mss;
    private int _acknowledged;          // Octets acknowledged since cwnd last grew in congestion avoidance (RFC 3465).
    private int _recoveryFlight;        // RecoverFS of RFC 6937.
    private int _recoveryDelivered;     // prr_delivered
    private int _recoverySent;          // prr_out

    /// <summary>The congestion window in octets.</summary>
    public int Window;

    /// <summary>The slow start threshold in octets.</summary>
    public int Threshold;

    /// <summary>SND.NXT when loss was last found: losses up to there belong to that event (RFC 6582 3.2).</summary>
    public SequenceNumber Recover;

    /// <summary>What is being done about losses.</summary>
    public RecoveryState State;

    /// <summary>Begins a connection.</summary>
    public void Begin(int mss, SequenceNumber iss, bool handshakeWasLossy)
    {
        this = default;
        _mss = mss;
        // One segment if the SYN was lost (RFC 5681 3.1).
        Window = handshakeWasLossy ? mss : InitialWindow(mss);
        Threshold = int.MaxValue / 2;
        Recover = iss;
    }

    /// <summary>The segment size has become smaller.</summary>
    public void SetSegmentSize(int mss)
    {
        _mss = mss;
        Window = Math.Max(Window, mss);
        Threshold = Math.Max(Threshold, 2 * mss);
    }

    /// <summary>SND.UNA has moved to <paramref name="una"/>: perhaps recovery is over, perhaps the window grows.</summary>
    /// <param name="una">SND.UNA.</param>
    /// <param name="acknowledged">Octets by which it has moved.</param>
    /// <param name="pipeBefore">Octets that were under way before.</param>
    public void OnAdvance(SequenceNumber una, int acknowledged, int pipeBefore)
    {
        if (State != RecoveryState.Open && una >= Recover)
        {
            // RFC 6937 3.1: at the end of recovery cwnd is ssthresh; after a timeout it has grown by itself.
            if (State == RecoveryState.Fast) Window = Threshold;
            State = RecoveryState.Open;
            Recover = una - 1;
            return;
        }

        if (State == RecoveryState.Fast) return;
        // Kept close behind SND.UNA, so that it never comes to lie ahead on the ring.
        if (State == RecoveryState.Open && una > Recover) Recover = una - 1;

        // RFC 7661 in short: a window that was not used is not known to be good, so it does not grow.
        if (pipeBefore + _mss < Window) return;
        if (Window < Threshold)
        {
            // RFC 5681 3.1 with octets counted (RFC 3465): what was acknowledged was also delivered. The loop acknowledges a batch at
            // once, so the limit of 2 MSS for each ACK would only slow down long batches; what is in flight bounds the burst. After a
            // timeout an acknowledgement may cover what was delivered before, so the limit holds then.
            int limit = State == RecoveryState.Timeout ? 2 * _mss : Math.Max(0, Threshold - Window) + _mss;
            Window += Math.Min(acknowledged, limit);
            return;
        }

        _acknowledged += acknowledged;
        if (_acknowledged < Window) return;
        _acknowledged -= Window;
        Window += _mss;
    }

    /// <summary>Something was found lost, and not by a timeout.</summary>
    /// <param name="next">SND.NXT.</param>
    /// <param name="flight">SND.NXT - SND.UNA before the acknowledgement that told so.</param>
    /// <returns>Whether this begins fast recovery; otherwise the loss belongs to one that is being dealt with.</returns>
    public bool OnLoss(SequenceNumber next, int flight)
    {
        if (State != RecoveryState.Open) return false;
        Reduce(flight);
        State = RecoveryState.Fast;
        Recover = next;
        _recoveryFlight = Math.Max(flight, _mss);
        _recoveryDelivered = _recoverySent = 0;
        return true;
    }

    /// <summary>A loss that is repaired already: the window is halved, and nothing else needs to be done (RFC 8985 7.4.2).</summary>
    public void OnRepairedLoss(int flight)
    {
        if (State != RecoveryState.Open) return;
        Reduce(flight);
        Window = Threshold;
    }

    /// <summary>An acknowledgement during fast recovery: how much may be sent now (RFC 6937 3).</summary>
    /// <param name="delivered">Octets that it says were delivered.</param>
    /// <param name="pipe">Octets under way now.</param>
    /// <param name="isSafe">Whether it moved SND.UNA and told of no new loss.</param>
    /// <param name="isPartial">Whether it is a partial acknowledgement without SACK: then one segment goes at once (RFC 6582 3.2, step 3).</param>
    public void OnRecoveryAck(int delivered, int pipe, bool isSafe, bool isPartial)
    {
        _recoveryDelivered += delivered;
        int send;
        if (pipe > Threshold)
        {
            send = (int)((((long)_recoveryDelivered * Threshold) + _recoveryFlight - 1) / _recoveryFlight) - _recoverySent;
        }
        else
        {
            int limit = _recoveryDelivered - _recoverySent;
            if (isSafe) limit = Math.Max(limit, delivered) + _mss;
            send = Math.Min(Threshold - pipe, limit);
        }

        // RFC 6937 3, RFC 5681 3.2 step 3: the first lost segment goes at once.
        if (_recoverySent == 0 || isPartial) send = Math.Max(send, _mss);
        Window = Math.Max(pipe + Math.Max(send, 0), _mss);
    }

    /// <summary>Octets were sent, new or again.</summary>
    public void OnSent(int octets)
    {
        if (State == RecoveryState.Fast) _recoverySent += octets;
    }

    /// <summary>The retransmission timer went off (RFC 5681 3.1; RFC 6582 3.2 step 4).</summary>
    /// <param name="una">SND.UNA.</param>
    /// <param name="next">SND.NXT.</param>
    public void OnTimeout(SequenceNumber una, SequenceNumber next)
    {
        // RFC 5681 3.1: what was sent again after a timeout already does not halve the threshold once more.
        if (State != RecoveryState.Timeout) Reduce(next - una);
        Window = _mss;
        _acknowledged = 0;
        State = RecoveryState.Timeout;
        Recover = next;
    }

    /// <summary>Nothing was sent for longer than a timeout: the old window says nothing about the path (RFC 5681 4.1).</summary>
    public void OnIdle() => Window = Math.Min(Window, InitialWindow(_mss));

    /// <summary>RFC 6928 2: min(10 MSS, max(2 MSS, 14600)).</summary>
    public static int InitialWindow(int mss) => Math.Min(10 * mss, Math.Max(2 * mss, 14600));

    // RFC 5681 equation 4.
    private void Reduce(int flight) => Threshold = Math.Max(flight / 2, 2 * _mss);
}
