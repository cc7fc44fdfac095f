using System.Runtime.CompilerServices;
using Morgana.Core;
using Morgana.Network;

namespace Morgana.Sockets;

// Other threads on the stack: one at a time, and never while the loop's round is under way.
public sealed partial class NetworkLoop
{
    private const int MaxSettlingPasses = 16;
    private const int MaxSignals = 8;
    private readonly Lock _turn = new();
    private Signals _signals;
    private int _signalCount;
    private bool _wakesAfterTurn;
    private bool _isInRound;
    private int _turnDepth;
    private bool _isTurnTimed;
    private Instant _turnTime;
    private Instant _sleepsUntil;

    /// <summary>Whether the loop has ended, so that nothing that is done to the stack has an effect.</summary>
    public bool HasEnded => _hasEnded;

    /// <summary>
    /// Takes the stack for this thread, until the turn is disposed of: everything that is for the loop's thread alone may then be done here.
    /// What it causes between connections of this host is done before the turn ends, and what goes out is given to the device, where it can
    /// take frames from any thread; from others the loop sends it soon after.
    /// </summary>
    /// <remarks>Short: the network stands still meanwhile. Turns of one thread may be nested. Never await in one, nor wait for another thread.</remarks>
    public LoopTurn TakeTurn()
    {
        _turn.Enter();
        if (_turnDepth++ == 0) _isTurnTimed = false;
        return new(this);
    }

    /// <summary>The clock is read once in a turn, and only in one that asks.</summary>
    internal Instant TurnTime
    {
        get
        {
            if (_isTurnTimed) return _turnTime;
            _isTurnTimed = true;
            return _turnTime = Now();
        }
    }

    /// <summary>Has a thread woken once the turn, or the loop's round, is over: it would only wait for the end of it. In a turn.</summary>
    public void SignalAfterTurn(ITurnSignal signal)
    {
        for (int i = 0; i < _signalCount; i++)
            if (ReferenceEquals(_signals[i], signal)) return;
        if (_signalCount == MaxSignals) signal.Signal();
        else _signals[_signalCount++] = signal;
    }

    internal void EndTurn()
    {
        try
        {
            if (_turnDepth == 1 && !_hasEnded) Settle();
        }
        finally
        {
            LeaveTurn();
        }
    }

    private void LeaveTurn()
    {
        if (--_turnDepth > 0 || (_signalCount == 0 && !_wakesAfterTurn)) _turn.Exit();
        else LeaveAndSignal();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void LeaveAndSignal()
    {
        var (signals, count, wakes) = (_signals, _signalCount, _wakesAfterTurn);
        _signals = default;
        _signalCount = 0;
        _wakesAfterTurn = false;
        _turn.Exit();
        for (int i = 0; i < count; i++) signals[i]!.Signal();
        if (wakes) WakeIfSleeping();
    }

    // What a turn began goes on until nothing of it is left for this host.
    private void Settle()
    {
        try
        {
            bool hasMore = true;
            for (int pass = 0; hasMore && pass < MaxSettlingPasses; pass++)
            {
                if (Stack.HasOutput) TransmitInTurn(TurnTime);
                hasMore = HasNews && TellOwners(TurnTime);
                hasMore |= Stack.Tcp.HasOutput || Stack.HasLoopback;
            }

            if (hasMore || !_work.IsEmpty || HasPending || Stack.NextTimeout < _sleepsUntil) _wakesAfterTurn = true;
        }
        catch (Exception e)
        {
            // A mistake of ours: as in the loop's own round.
            Failure ??= e;
            _stopping = true;
            Wake();
        }
    }

    private bool HasNews => Stack.Tcp.HasNews || Stack.Udp.HasNews || Stack.Icmp.HasNews;

    private void TransmitInTurn(Instant now)
    {
        foreach (var attachment in _attachments)
        {
            if (attachment.PendingCount == 0)
            {
                attachment.PendingStart = 0;
                attachment.PendingCount = Stack.Transmit(attachment.Interface, attachment.Pending, now);
            }

            if (attachment.PendingCount > 0 && attachment.TakesFromAnyThread) TransmitTo(attachment, now);
        }
    }

    private bool HasPending
    {
        get
        {
            foreach (var attachment in _attachments)
                if (attachment.PendingCount > 0) return true;
            return false;
        }
    }

    [InlineArray(MaxSignals)]
    private struct Signals
    {
        private ITurnSignal? _first;
    }
}

/// <summary>Somebody who waits outside of any turn.</summary>
public interface ITurnSignal
{
    /// <summary>Wakes him. Any thread, also in a turn; it must not throw.</summary>
    void Signal();
}

/// <summary>The stack in the hands of the thread that took it (<see cref="NetworkLoop.TakeTurn"/>); dispose of it as soon as possible.</summary>
public readonly ref struct LoopTurn
{
    private readonly NetworkLoop _loop;

    internal LoopTurn(NetworkLoop loop) => _loop = loop;

    /// <summary>The time; the same for the whole turn.</summary>
    public Instant Now => _loop.TurnTime;

    /// <summary>The stack.</summary>
    public NetworkStack Stack => _loop.Stack;

    /// <summary>Gives the stack back.</summary>
    public void Dispose() => _loop.EndTurn();
}
