using Morgana.Core;

namespace Morgana.Devices.Faults;

/// <summary>What happens to one frame.</summary>
/// <param name="IsLost">It never arrives; the other values then have no meaning.</param>
/// <param name="Arrival">When it arrives.</param>
/// <param name="IsDuplicated">Whether it arrives a second time, at <paramref name="SecondArrival"/>.</param>
/// <param name="SecondArrival">When the second one arrives.</param>
/// <param name="CorruptBit">The bit that is turned over, from the frame's first octet; -1 for none.</param>
/// <param name="Length">How many octets of it arrive.</param>
public readonly record struct FaultDecision(bool IsLost, Instant Arrival, bool IsDuplicated, Instant SecondArrival, int CorruptBit, int Length);

/// <summary>Decides each frame's fate. Pure: the same seed, profile, lengths and times give the same faults.</summary>
public sealed class FaultModel(FaultProfile profile, ulong seed)
{
    private readonly DeterministicRandom _random = new(seed);
    private bool _isBad;
    private Instant _badSince;
    private Instant _lineFree;

    /// <summary>What the line does. It may be changed while the line is in use.</summary>
    public FaultProfile Profile { get; set; } = profile;

    /// <summary>The seed; print it when a test fails.</summary>
    public ulong Seed => _random.Seed;

    /// <summary>Frames decided upon.</summary>
    public long Frames { get; private set; }

    /// <summary>Frames lost by chance, in bursts, or at the queue's limit.</summary>
    public long Lost { get; private set; }

    /// <summary>Frames that came twice.</summary>
    public long Duplicated { get; private set; }

    /// <summary>Frames held back.</summary>
    public long Reordered { get; private set; }

    /// <summary>Frames with a bit turned over.</summary>
    public long Corrupted { get; private set; }

    /// <summary>Frames cut short.</summary>
    public long Truncated { get; private set; }

    /// <summary>Decides what happens to a frame of <paramref name="length"/> octets that is sent at <paramref name="now"/>.</summary>
    public FaultDecision Decide(int length, Instant now)
    {
        var p = Profile;
        Frames++;
        // Every draw is made for every frame, so that one fault's probability does not change where the others fall.
        bool lost = DrawChance(p.Loss) | IsInBurst(p, now);
        bool duplicated = DrawChance(p.Duplication), reordered = DrawChance(p.Reordering), corrupted = DrawChance(p.Corruption);
        int bit = _random.Next(8 * Math.Max(length, 1));
        TimeSpan jitter = p.Jitter * _random.NextDouble(), secondJitter = p.Jitter * _random.NextDouble();
        if (lost || !TryQueue(p, length, now, out var sent))
        {
            Lost++;
            return new(true, default, false, default, -1, 0);
        }

        var arrival = sent + p.Delay + jitter;
        if (reordered) arrival += p.ReorderDelay;
        int left = p.TruncateAt > 0 ? Math.Min(length, p.TruncateAt) : length;
        if (duplicated) Duplicated++;
        if (reordered) Reordered++;
        if (corrupted) Corrupted++;
        if (left < length) Truncated++;
        return new(false, arrival, duplicated, sent + p.Delay + secondJitter, corrupted ? bit % (8 * Math.Max(left, 1)) : -1, left);
    }

    private bool DrawChance(double probability) => _random.NextDouble() < probability;

    private bool IsInBurst(FaultProfile p, Instant now)
    {
        double draw = _random.NextDouble();
        if (_isBad)
        {
            _isBad = draw >= p.BurstEnd && now - _badSince < p.BurstLimit;
        }
        else if (draw < p.BurstStart)
        {
            _isBad = true;
            _badSince = now;
        }

        return _isBad;
    }

    /// <summary>The line sends one frame after the other. What waits for it is what has not been sent by now.</summary>
    private bool TryQueue(FaultProfile p, int length, Instant now, out Instant sent)
    {
        sent = now;
        if (p.Rate <= 0) return true;
        var free = Instant.Max(_lineFree, now);
        double waiting = (free - now).TotalSeconds * p.Rate;
        if (waiting + length > p.QueueLimit) return false;
        _lineFree = sent = free + TimeSpan.FromSeconds((double)length / p.Rate);
        return true;
    }
}
