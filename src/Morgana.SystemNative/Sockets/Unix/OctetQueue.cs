namespace Morgana.SystemNative;

/// <summary>Octets in order: a ring that grows as far as its writer's limit lets it, and gives its memory back once it is empty.</summary>
internal sealed class OctetQueue
{
    private const int Smallest = 4096;
    private const int KeptWhenEmpty = 16384;
    private byte[] _ring = [];
    private int _start;

    public int Length { get; private set; }

    public bool IsEmpty => Length == 0;

    /// <summary>Takes all of it; how much there may be is the caller's to know.</summary>
    public void Write(ReadOnlySpan<byte> octets)
    {
        if (octets.Length > _ring.Length - Length) Grow(Length + octets.Length);
        int at = (_start + Length) % _ring.Length;
        int first = Math.Min(octets.Length, _ring.Length - at);
        octets[..first].CopyTo(_ring.AsSpan(at));
        octets[first..].CopyTo(_ring);
        Length += octets.Length;
    }

    /// <summary>Copies from <paramref name="offset"/> on, as much as there is.</summary>
    public int Peek(int offset, Span<byte> destination)
    {
        int count = Math.Min(destination.Length, Length - offset);
        if (count <= 0) return 0;
        int at = (_start + offset) % _ring.Length;
        int first = Math.Min(count, _ring.Length - at);
        _ring.AsSpan(at, first).CopyTo(destination);
        _ring.AsSpan(0, count - first).CopyTo(destination[first..]);
        return count;
    }

    public void Remove(int count)
    {
        Length -= count;
        _start = Length == 0 ? 0 : (_start + count) % _ring.Length;
        if (Length == 0 && _ring.Length > KeptWhenEmpty) _ring = [];
    }

    public void Clear()
    {
        Length = _start = 0;
        _ring = [];
    }

    private void Grow(int needed)
    {
        var ring = new byte[Math.Max(Smallest, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)needed))];
        Peek(0, ring);
        (_ring, _start) = (ring, 0);
    }
}
