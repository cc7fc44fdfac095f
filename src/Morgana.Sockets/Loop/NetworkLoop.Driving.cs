namespace Morgana.Sockets;

// Whose thread runs the loop: its own; or one of the application's, which would otherwise only wait to be told by it.
public sealed partial class NetworkLoop
{
    // How long a guest may be away with what the loop gave it to do before the loop's own thread takes over; twice that at most.
    private const int WatchMilliseconds = 2;

    private const int ByOwnThread = 0;
    private const int ByGuest = 1;
    private const int Away = 2;         // The guest will come again, soon; or else it is taken over.

    private readonly object _watch = new();
    private volatile int _driver;
    private volatile int _departures;
    private volatile bool _isWatchAsleep;
    private volatile ILoopGuest? _wanted;
    private int _guestThread;

    /// <summary>
    /// Runs the loop on this thread, in the place of its own, until the guest has something else to do: frames that come for it then wake no
    /// second thread. Whoever gives the guest work meanwhile calls <see cref="WakeAfterTurn"/>.
    /// </summary>
    /// <remarks>
    /// A guest comes again as soon as it has done what it left for. If it does not for some milliseconds, or says that it will wait
    /// (<see cref="HandOver"/>), the loop's own thread takes over, and gives the loop back when the guest asks for it again.
    /// </remarks>
    /// <returns>False: somebody else runs it, and the guest is to wait until it is signalled.</returns>
    public bool Drive(ILoopGuest guest)
    {
        if (HandlersOnLoop || _stopping) return false;
        if (Interlocked.CompareExchange(ref _driver, ByGuest, Away) != Away)
        {
            if (_driver != ByOwnThread) return false;
            _wanted = guest;
            WakeIfSleeping();
            return false;
        }

        _guestThread = Environment.CurrentManagedThreadId;
        try
        {
            while (!guest.HasWork && !_stopping && AnyDeviceUp())
            {
                if (!RunRound() && !guest.HasWork) Sleep();
                Volatile.Write(ref _sleeping, 0);
            }
        }
        catch (Exception e)
        {
            // A mistake of ours: as on the loop's own thread, which ends it all.
            Failure ??= e;
            _stopping = true;
        }

        _departures = unchecked(_departures + 1);
        Interlocked.Exchange(ref _driver, Away);
        if (_isWatchAsleep || _stopping) WakeWatch();
        return true;
    }

    /// <summary>The calling thread is about to wait for something: if it is a guest that the loop waits for, the loop's own thread takes over.</summary>
    public void HandOver()
    {
        if (_driver != Away || _guestThread != Environment.CurrentManagedThreadId) return;
        if (Interlocked.CompareExchange(ref _driver, ByOwnThread, Away) == Away) WakeWatch();
    }

    /// <summary>Ends the wait of whoever runs the loop, once the turn is over: its guest has work. In a turn.</summary>
    public void WakeAfterTurn()
    {
        // Whoever runs a round looks at its guest after it.
        if (!_isInRound) _wakesAfterTurn = true;
    }

    /// <summary>The same outside of any turn.</summary>
    public void WakeGuest() => WakeIfSleeping();

    /// <summary>A step of the loop's own thread while it does not run the loop.</summary>
    private void Watch(ref int seen)
    {
        lock (_watch)
        {
            int departures = _departures;
            if (_driver == ByGuest && departures == seen)
            {
                // It sits in the loop, and has for a while: whoever leaves wakes us. Said before it is looked at again, and read after.
                _isWatchAsleep = true;
                Interlocked.MemoryBarrier();
                if (_driver == ByGuest && !_stopping) Monitor.Wait(_watch);
                _isWatchAsleep = false;
                return;
            }

            seen = departures;
            if (_driver != ByOwnThread && !_stopping) Monitor.Wait(_watch, WatchMilliseconds);
        }

        if (_departures == seen) Interlocked.CompareExchange(ref _driver, ByOwnThread, Away);
    }

    private void GiveBack()
    {
        if (_wanted is not { } guest) return;
        _wanted = null;
        _driver = Away;
        guest.Signal();
    }

    // The loop ends on its own thread: whoever is in it leaves first.
    private void TakeBack()
    {
        lock (_watch)
        {
            while (Interlocked.CompareExchange(ref _driver, ByOwnThread, Away) == ByGuest)
            {
                Wake();
                Monitor.Wait(_watch, WatchMilliseconds);
            }
        }
    }

    private void WakeWatch()
    {
        lock (_watch) Monitor.PulseAll(_watch);
    }
}

/// <summary>Who may run a loop on a thread of its own (<see cref="NetworkLoop.Drive"/>).</summary>
public interface ILoopGuest : ITurnSignal
{
    /// <summary>Whether it has something else to do.</summary>
    bool HasWork { get; }
}
