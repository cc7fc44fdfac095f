using Morgana.Core;

namespace Morgana.Protocols.Icmp;

/// <summary>A token bucket (RFC 1812 4.3.2.8): a burst at once, then so many a second.</summary>
/// <remarks>Mutable; keep it in a field.</remarks>
public struct IcmpRateLimiter(int perSecond, int burst)
{
    private readonly long _interval = 1_000_000_000L / perSecond;
    private long _credit = burst * (1_000_000_000L / perSecond); // In nanoseconds: one message costs an interval.
    private Instant _last;

    /// <summary>Takes one token if there is one.</summary>
    public bool TryTake(Instant now)
    {
        long elapsed = Math.Max(0, now.Nanoseconds - _last.Nanoseconds);
        _last = now;
        _credit = Math.Min(burst * _interval, _credit + Math.Min(elapsed, burst * _interval));
        if (_credit < _interval) return false;
        _credit -= _interval;
        return true;
    }
}
