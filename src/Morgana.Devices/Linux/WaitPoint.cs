namespace Morgana.Devices.Linux;

/// <summary>Where a loop sleeps: on one descriptor, until it is ready, somebody wakes the loop, or time is up.</summary>
/// <remarks>
/// Waiting is for one thread, <see cref="Wake"/> for any. A wake while nobody sleeps costs one interlocked exchange and no
/// system call; it ends the next wait instead.
/// </remarks>
internal sealed unsafe class WaitPoint : IDisposable
{
    private readonly object _gate = new();
    private int _event;
    private int _signalled;
    private int _sleeping;

    public WaitPoint()
    {
        _event = Libc.EventDescriptor(0, Libc.EventCloseOnExec | Libc.EventNonBlocking);
        if (_event < 0) throw new IOException($"No event descriptor could be made: {Libc.Describe(Libc.Error)}.");
    }

    /// <summary>Waits. A negative <paramref name="descriptor"/> is not looked at.</summary>
    /// <returns>The poll events that <paramref name="descriptor"/> has, 0 when something else ended the wait.</returns>
    public short Wait(int descriptor, short events, TimeSpan timeout) => Wait(descriptor, -1, events, timeout);

    /// <summary>Waits for either of two descriptors.</summary>
    /// <returns>The poll events of both.</returns>
    public short Wait(int descriptor, int other, short events, TimeSpan timeout)
    {
        // Sleeping is announced before the signal is looked at, and Wake does it the other way round: one of the two sees the other.
        Interlocked.Exchange(ref _sleeping, 1);
        short returned = 0;
        if (Volatile.Read(ref _signalled) == 0)
        {
            var polled = stackalloc PollDescriptor[3];
            polled[0] = new() { Descriptor = _event, Events = Libc.PollIn };
            polled[1] = new() { Descriptor = descriptor, Events = events };
            polled[2] = new() { Descriptor = other, Events = events };
            TimeSpec limit = default;
            if (timeout > TimeSpan.Zero)
            {
                limit.Seconds = timeout.Ticks / TimeSpan.TicksPerSecond;
                limit.Nanoseconds = timeout.Ticks % TimeSpan.TicksPerSecond * 100;
            }

            // A signal that interrupts the wait ends it early, which callers have to bear with anyway.
            if (Libc.Poll(polled, 3, timeout < TimeSpan.Zero ? null : &limit, null) > 0)
            {
                if (polled[0].Returned != 0) Drain();
                returned = (short)(polled[1].Returned | polled[2].Returned);
            }
        }

        Volatile.Write(ref _sleeping, 0);
        Interlocked.Exchange(ref _signalled, 0);
        return returned;
    }

    /// <summary>Ends the current or the next wait.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _signalled, 1) != 0 || Volatile.Read(ref _sleeping) == 0) return;
        ulong one = 1;
        // Whoever wakes may be late: the lock keeps the descriptor from being closed, and reused by another, in between.
        lock (_gate)
        {
            if (_event >= 0) Libc.Write(_event, &one, sizeof(ulong));
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_event >= 0) Libc.Close(_event);
            _event = -1;
        }
    }

    private void Drain()
    {
        ulong count;
        Libc.Read(_event, &count, sizeof(ulong));
    }
}
