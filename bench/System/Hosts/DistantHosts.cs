using Morgana.Core;

namespace Morgana.Bench;

/// <summary>Two hosts on virtual time, with a bottleneck between them: a rate, a delay, a queue that overflows, and random loss both ways.</summary>
internal sealed class DistantHosts : TwoHosts
{
    /// <summary>Octets that a frame takes on an Ethernet beside itself: preamble, check sequence, gap.</summary>
    public const int FramingOctets = 24;

    private readonly Direction _there;
    private readonly Direction _back;
    private readonly Random _random;
    private readonly double _loss;
    private Instant _now;

    public DistantHosts(double bitsPerSecond, TimeSpan roundTrip, double loss, int seed)
    {
        _loss = loss;
        _random = new(seed);
        _there = new(Server, bitsPerSecond, roundTrip / 2);
        _back = new(Client, bitsPerSecond, roundTrip / 2);
    }

    /// <summary>Frames that were lost at random.</summary>
    public int Lost { get; private set; }

    /// <summary>Frames that found the queue full.</summary>
    public int Overflowed => _there.Overflowed + _back.Overflowed;

    public override Instant Now() => _now;

    public override void SkipToNextTimeout()
    {
        var next = Instant.Min(Instant.Min(Client.Stack.NextTimeout, Server.Stack.NextTimeout), Instant.Min(_there.NextArrival, _back.NextArrival));
        if (next == Instant.Never) throw new InvalidOperationException("Nothing moves and no timer runs: the transfer hangs.");
        _now = Instant.Max(_now, next);
        _there.Arrive(_now);
        _back.Arrive(_now);
    }

    protected override void Deliver(Host from, Span<PacketBuffer> frames, Instant now)
    {
        var direction = from == Client ? _there : _back;
        foreach (var frame in frames)
        {
            if (_random.NextDouble() < _loss)
            {
                Lost++;
                frame.Release();
            }
            else
            {
                direction.Send(frame, now);
            }
        }
    }

    private sealed class Direction(Host to, double bitsPerSecond, TimeSpan delay)
    {
        // A bandwidth-delay product, as routers have it, but room for a first burst.
        private readonly double _longestWait = Math.Max((delay * 2).TotalSeconds, 32 * 1500 * 8 / bitsPerSecond) * 1e9;
        private readonly Queue<(PacketBuffer Frame, Instant At)> _queue = new();
        private double _freeAt;

        public int Overflowed { get; private set; }

        public Instant NextArrival => _queue.TryPeek(out var first) ? first.At : Instant.Never;

        public void Send(PacketBuffer frame, Instant now)
        {
            double begin = Math.Max(_freeAt, now.Nanoseconds);
            if (begin - now.Nanoseconds > _longestWait)
            {
                Overflowed++;
                frame.Release();
                return;
            }

            _freeAt = begin + ((Math.Max(60, frame.Length) + FramingOctets) * 8e9 / bitsPerSecond);
            _queue.Enqueue((frame, new Instant((long)_freeAt) + delay));
        }

        public void Arrive(Instant now)
        {
            while (_queue.TryPeek(out var first) && first.At <= now) to.Stack.HandleFrame(to.Link, _queue.Dequeue().Frame, now);
        }
    }
}
