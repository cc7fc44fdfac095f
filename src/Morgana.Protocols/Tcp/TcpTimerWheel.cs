using System.Numerics;
using Morgana.Core;

namespace Morgana.Protocols.Tcp;

/// <summary>A hierarchical timing wheel with one entry for each connection, linked by index.</summary>
/// <remarks>
/// A tick is 2^20 ns. Four levels of 64 buckets reach 4.9 hours; later deadlines wait in the last bucket and are looked at again. A deadline
/// that moves away is not moved here: the entry fires early, finds nothing due, and is armed again. Entries never fire late by more than
/// one tick, and never before their deadline unless it was moved.
/// </remarks>
internal sealed class TcpTimerWheel
{
    private const int TickShift = 20;
    private const int Levels = 4;
    private readonly int[] _heads = new int[64 * Levels];
    private readonly ulong[] _used = new ulong[Levels];
    private Entry[] _entries = [];
    private long _current;
    private int _count;

    public TcpTimerWheel() => Array.Fill(_heads, -1);

    /// <summary>Entries that are armed.</summary>
    public int Count => _count;

    /// <summary>When <see cref="TryTakeExpired"/> has to be asked next, at the latest.</summary>
    public Instant NextTimeout => _count == 0 ? Instant.Never : new(NextTick() << TickShift);

    /// <summary>Makes sure that <paramref name="slot"/> fires at <paramref name="deadline"/> or earlier.</summary>
    public void Arm(int slot, Instant deadline, Instant now)
    {
        if (slot >= _entries.Length) Grow(slot);
        ref var entry = ref _entries[slot];
        long tick = (deadline.Nanoseconds + (1L << TickShift) - 1) >> TickShift;
        if (entry.Bucket >= 0)
        {
            if (entry.Tick <= tick) return;
            Unlink(slot, ref entry);
        }

        if (_count == 0) _current = now.Nanoseconds >> TickShift;
        Link(slot, tick);
    }

    /// <summary>Forgets the slot.</summary>
    public void Disarm(int slot)
    {
        if (slot < _entries.Length && _entries[slot].Bucket >= 0) Unlink(slot, ref _entries[slot]);
    }

    /// <summary>Takes out one slot whose time has come.</summary>
    public bool TryTakeExpired(Instant now, out int slot)
    {
        long until = now.Nanoseconds >> TickShift;
        while (_count > 0)
        {
            long next = NextTick();
            if (next > until) break;
            if (next > _current)
            {
                _current = next;
                Cascade();
            }

            slot = _heads[(int)(_current & 63)];
            if (slot < 0) continue;
            Unlink(slot, ref _entries[slot]);
            return true;
        }

        if (until > _current) _current = until;
        slot = -1;
        return false;
    }

    // Where a bucket of a higher level begins, its entries move to lower ones.
    private void Cascade()
    {
        for (int level = Levels - 1; level > 0; level--)
        {
            if ((_current & ((1L << (6 * level)) - 1)) != 0) continue;
            int bucket = (64 * level) + (int)((_current >> (6 * level)) & 63);
            while (_heads[bucket] is var slot and >= 0)
            {
                long tick = _entries[slot].Tick;
                Unlink(slot, ref _entries[slot]);
                Link(slot, tick);
            }
        }
    }

    private long NextTick()
    {
        long next = long.MaxValue;
        for (int level = 0; level < Levels; level++)
        {
            if (_used[level] == 0) continue;
            long here = _current >> (6 * level);
            long at = (here + BitOperations.TrailingZeroCount(BitOperations.RotateRight(_used[level], (int)(here & 63)))) << (6 * level);
            if (at < next) next = at;
        }

        return next;
    }

    private void Link(int slot, long tick)
    {
        if (tick < _current) tick = _current;
        int level = 0;
        // The level is the lowest on which the bucket is less than one turn away; the current bucket of a higher level stays empty.
        while (level < Levels - 1 && (tick >> (6 * level)) - (_current >> (6 * level)) >= 64) level++;
        long at = Math.Min(tick >> (6 * level), (_current >> (6 * level)) + 63);
        int bucket = (64 * level) + (int)(at & 63);
        ref var entry = ref _entries[slot];
        entry.Tick = tick;
        entry.Bucket = bucket;
        entry.Previous = -1;
        entry.Next = _heads[bucket];
        if (entry.Next >= 0) _entries[entry.Next].Previous = slot;
        _heads[bucket] = slot;
        _used[level] |= 1UL << (bucket & 63);
        _count++;
    }

    private void Unlink(int slot, ref Entry entry)
    {
        if (entry.Next >= 0) _entries[entry.Next].Previous = entry.Previous;
        if (entry.Previous >= 0) _entries[entry.Previous].Next = entry.Next;
        else
        {
            _heads[entry.Bucket] = entry.Next;
            if (entry.Next < 0) _used[entry.Bucket >> 6] &= ~(1UL << (entry.Bucket & 63));
        }

        entry.Bucket = -1;
        _count--;
    }

    private void Grow(int slot)
    {
        int old = _entries.Length;
        Array.Resize(ref _entries, Math.Max(16, Math.Max(slot + 1, 2 * old)));
        for (int i = old; i < _entries.Length; i++) _entries[i].Bucket = -1;
    }

    private struct Entry
    {
        public long Tick;
        public int Next, Previous, Bucket;
    }
}
