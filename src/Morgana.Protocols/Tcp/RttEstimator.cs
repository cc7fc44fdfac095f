using Morgana.Core;

namespace Morgana.Protocols.Tcp;

/// <summary>Round-trip time and retransmission timeout after RFC 6298.</summary>
internal struct RttEstimator(TcpStackOptions options)
{
    private readonly TcpStackOptions _options = options;

    /// <summary>The smoothed round-trip time; zero before the first measurement.</summary>
    public TimeSpan Smoothed;

    /// <summary>Its variation.</summary>
    public TimeSpan Variation;

    /// <summary>The least of the last ten seconds or more; zero before the first measurement.</summary>
    public TimeSpan Minimum;

    private Instant _minimumAt;

    /// <summary>Timeouts in a row.</summary>
    public int Backoff;

    private TimeSpan _timeout = options.InitialRetransmissionTimeout;

    /// <summary>The retransmission timeout, backed off.</summary>
    public readonly TimeSpan Timeout
    {
        get
        {
            // RFC 6298 5.5: doubled for each timeout, up to a maximum (2.5).
            long ticks = _timeout.Ticks << Math.Min(Backoff, 16);
            return ticks > _options.MaximumRetransmissionTimeout.Ticks ? _options.MaximumRetransmissionTimeout : new(ticks);
        }
    }

    /// <summary>Takes a measurement. Never one of a segment that was sent twice (Karn; RFC 6298 3), unless timestamps tell which.</summary>
    public void Sample(TimeSpan rtt, Instant now)
    {
        if (rtt < TimeSpan.Zero) return;
        if (rtt == TimeSpan.Zero) rtt = new(1);
        if (Minimum == TimeSpan.Zero || rtt <= Minimum || now - _minimumAt > TimeSpan.FromSeconds(10)) (Minimum, _minimumAt) = (rtt, now);
        if (Smoothed == TimeSpan.Zero)
        {
            // RFC 6298 2.2
            Smoothed = rtt;
            Variation = rtt / 2;
        }
        else
        {
            // RFC 6298 2.3: RTTVAR first, with beta = 1/4; then SRTT with alpha = 1/8.
            long error = Math.Abs(Smoothed.Ticks - rtt.Ticks);
            Variation = new(Variation.Ticks + ((error - Variation.Ticks) / 4));
            Smoothed = new(Math.Max(1, Smoothed.Ticks + ((rtt.Ticks - Smoothed.Ticks) / 8)));
        }

        // The variation counts at least a millisecond: the clock granularity G of the timer wheel.
        long timeout = Smoothed.Ticks + Math.Max(TimeSpan.TicksPerMillisecond, 4 * Variation.Ticks);
        _timeout = new(Math.Clamp(timeout, _options.MinimumRetransmissionTimeout.Ticks, _options.MaximumRetransmissionTimeout.Ticks));
    }

    /// <summary>RFC 6298 5.7: the SYN had to be sent again, so without a measurement the timeout is three seconds now.</summary>
    public void HandshakeWasLossy()
    {
        if (Smoothed == TimeSpan.Zero) _timeout = TimeSpan.FromSeconds(3);
    }
}
