namespace Morgana.AspNetCore;

/// <summary>How many connections the web server's ports may hold at once, all together. Any thread.</summary>
/// <remarks>One that comes when there is no room is reset, and counted: a client that is told so at once can try again elsewhere or later.</remarks>
public sealed class ConnectionLimit
{
    private int _open;
    private int _openHttp2;
    private long _accepted;
    private long _refused;

    /// <summary>A limit of <paramref name="most"/> connections, of which <paramref name="mostHttp2"/> may speak HTTP/2; each at least one.</summary>
    public ConnectionLimit(int most, int mostHttp2)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(mostHttp2, 1);
        (Most, MostHttp2) = (most, mostHttp2);
    }

    /// <summary>The limit.</summary>
    public int Most { get; }

    /// <summary>How many of them may speak HTTP/2: its tables and streams cost several times what the older version does.</summary>
    public int MostHttp2 { get; }

    /// <summary>Connections that are held now.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Connections that were let in so far.</summary>
    public long Accepted => Volatile.Read(ref _accepted);

    /// <summary>Connections that were reset because there was no room.</summary>
    public long Refused => Volatile.Read(ref _refused);

    internal bool TryEnter()
    {
        if (Interlocked.Increment(ref _open) <= Most)
        {
            Interlocked.Increment(ref _accepted);
            return true;
        }

        Interlocked.Decrement(ref _open);
        Interlocked.Increment(ref _refused);
        return false;
    }

    /// <summary>A connection that is in turns out to speak HTTP/2. If it may not, it still has to leave.</summary>
    internal bool TryBecomeHttp2()
    {
        if (Interlocked.Increment(ref _openHttp2) <= MostHttp2) return true;
        Interlocked.Decrement(ref _openHttp2);
        Interlocked.Increment(ref _refused);
        return false;
    }

    internal void Leave(bool isHttp2)
    {
        Interlocked.Decrement(ref _open);
        if (isHttp2) Interlocked.Decrement(ref _openHttp2);
    }
}
