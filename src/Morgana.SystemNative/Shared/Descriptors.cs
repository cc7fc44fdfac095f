using System.Diagnostics.CodeAnalysis;

namespace Morgana.SystemNative;

/// <summary>The descriptors that are ours: numbers which Linux never gives, so that every other one can be passed on.</summary>
/// <remarks>
/// A number is <see cref="Base"/>, with the generation of its place in the upper bits and the place in the lower ones: a number that was
/// closed stays <c>EBADF</c> after its place is used again, for as long as the generations last. Look-ups take no lock.
/// </remarks>
internal static class Descriptors
{
    /// <summary>2^30: Linux gives at most <c>fs.nr_open</c>, 2^20 unless somebody raised it.</summary>
    public const int Base = 1 << 30;

    /// <summary>How many can be open at once; beyond it is <c>EMFILE</c>.</summary>
    public const int Limit = 1 << PlaceBits;

    private const int PlaceBits = 16;
    private const int GenerationMask = (1 << (30 - PlaceBits)) - 1;

    private static readonly Lock s_gate = new();
    private static readonly Stack<int> s_free = new();
    private static volatile Entry[] s_entries = NewEntries(256);
    private static int s_used;

    /// <summary>Whether a number is of our range, open or not.</summary>
    public static bool IsOurs(nint number) => number >= Base && number <= int.MaxValue;

    /// <summary>How many are open.</summary>
    public static int Count
    {
        get
        {
            lock (s_gate) return s_used - s_free.Count;
        }
    }

    /// <summary>Whether none can be opened now.</summary>
    public static bool IsFull
    {
        get
        {
            lock (s_gate) return s_used == Limit && s_free.Count == 0;
        }
    }

    /// <summary>Gives a descriptor its number.</summary>
    public static Error Open(Descriptor descriptor, out nint number)
    {
        number = -1;
        lock (s_gate)
        {
            if (!s_free.TryPop(out int place))
            {
                if (s_used == Limit) return Error.EMFILE;
                if (s_used == s_entries.Length) Grow();
                place = s_used++;
            }

            var entry = s_entries[place];
            Volatile.Write(ref entry.Descriptor, descriptor);
            number = Base | (entry.Generation << PlaceBits) | place;
            return Error.Success;
        }
    }

    /// <summary>What a number stands for. False is <c>EBADF</c>.</summary>
    public static bool TryGet(nint number, [NotNullWhen(true)] out Descriptor? descriptor)
    {
        descriptor = null;
        if (!IsOurs(number)) return false;
        var entries = s_entries;
        int place = (int)number & (Limit - 1);
        if (place >= entries.Length) return false;
        var entry = entries[place];
        descriptor = Volatile.Read(ref entry.Descriptor);
        // The descriptor before the generation: whoever takes the place between the two changes the generation first.
        if (Volatile.Read(ref entry.Generation) == Generation(number)) return descriptor is not null;
        descriptor = null;
        return false;
    }

    /// <summary>The same for one kind: <c>EBADF</c> if nothing is open there, else <paramref name="otherwise"/>.</summary>
    public static Error Find<T>(nint number, Error otherwise, out T? descriptor)
        where T : Descriptor
    {
        descriptor = null;
        if (!TryGet(number, out var found)) return Error.EBADF;
        descriptor = found as T;
        return descriptor is null ? otherwise : Error.Success;
    }

    /// <summary>Takes the number away and closes what it stood for.</summary>
    public static Error Close(nint number)
    {
        Descriptor? descriptor;
        lock (s_gate)
        {
            if (!TryGet(number, out descriptor)) return Error.EBADF;
            int place = (int)number & (Limit - 1);
            var entry = s_entries[place];
            Volatile.Write(ref entry.Generation, (entry.Generation + 1) & GenerationMask);
            Volatile.Write(ref entry.Descriptor, null);
            s_free.Push(place);
        }

        return descriptor.Close();
    }

    /// <summary>All that are open now: for what happens to each of them, such as the end of the network.</summary>
    public static Descriptor[] All()
    {
        List<Descriptor> open = [];
        lock (s_gate)
            for (int i = 0; i < s_used; i++)
                if (s_entries[i].Descriptor is { } descriptor) open.Add(descriptor);
        return [.. open];
    }

    private static int Generation(nint number) => ((int)number >> PlaceBits) & GenerationMask;

    private static void Grow()
    {
        var old = s_entries;
        var entries = NewEntries(Math.Min(Limit, old.Length * 2));
        Array.Copy(old, entries, old.Length);
        s_entries = entries;
    }

    private static Entry[] NewEntries(int length)
    {
        var entries = new Entry[length];
        for (int i = 0; i < length; i++) entries[i] = new();
        return entries;
    }

    private sealed class Entry
    {
        public Descriptor? Descriptor;
        public int Generation;
    }
}
