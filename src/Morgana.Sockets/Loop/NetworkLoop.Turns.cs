using Morgana.Core;
using Morgana.Network;

namespace Morgana.Sockets;

// Other threads on the stack: one at a time, and never while the loop's round is under way.
public sealed partial class NetworkLoop
{
    private const int MaxSettlingPasses = 16;
    private readonly Lock _turn = new();
    private int _turnDepth;
    private Instant _turnTime;
    private Instant _sleepsUntil;

    /// <summary>Whether the loop has ended, so that nothing that is done to the stack has an effect.</summary>
    public bool HasEnded => _hasEnded;

    /// <summary>
    /// Takes the stack for this thread, until the turn is disposed of: everything that is for the loop's thread alone may then be done here.
    /// What it causes between connections of this host is done before the turn ends; what goes out, the loop sends soon after.
    /// </summary>
    /// <remarks>Short: the network stands still meanwhile. Turns of one thread may be nested. Never await in one, nor wait for another thread.</remarks>
    public LoopTurn TakeTurn()
    {
        _turn.Enter();
        if (_turnDepth++ == 0) _turnTime = Now();
        return new(this, _turnTime);
    }

    internal void EndTurn()
    {
        try
        {
            if (_turnDepth == 1 && !_hasEnded) Settle(_turnTime);
        }
        finally
        {
            _turnDepth--;
            _turn.Exit();
        }
    }

    // What a turn began goes on until nothing of it is left for this host; the devices are the loop's thread's own.
    private void Settle(Instant now)
    {
        try
        {
            bool hasMore = true;
            for (int pass = 0; hasMore && pass < MaxSettlingPasses; pass++)
            {
                foreach (var attachment in _attachments)
                {
                    if (attachment.PendingCount > 0) continue;
                    attachment.PendingStart = 0;
                    attachment.PendingCount = Stack.Transmit(attachment.Interface, attachment.Pending, now);
                }

                hasMore = TellOwners(now) || Stack.Tcp.HasOutput || Stack.HasLoopback;
            }

            if (hasMore || !_work.IsEmpty || HasPending || Stack.NextTimeout < _sleepsUntil) WakeIfSleeping();
        }
        catch (Exception e)
        {
            // A mistake of ours: as in the loop's own round.
            Failure ??= e;
            _stopping = true;
            Wake();
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
}

/// <summary>The stack in the hands of the thread that took it (<see cref="NetworkLoop.TakeTurn"/>); dispose of it as soon as possible.</summary>
public readonly ref struct LoopTurn
{
    private readonly NetworkLoop _loop;

    internal LoopTurn(NetworkLoop loop, Instant now) => (_loop, Now) = (loop, now);

    /// <summary>The time.</summary>
    public Instant Now { get; }

    /// <summary>The stack.</summary>
    public NetworkStack Stack => _loop.Stack;

    /// <summary>Gives the stack back.</summary>
    public void Dispose() => _loop.EndTurn();
}
