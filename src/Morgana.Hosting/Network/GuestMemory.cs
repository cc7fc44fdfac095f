using System.Globalization;

namespace Morgana.Hosting;

/// <summary>How the guest's memory is divided: half is the collector's (the runner sees to it), a quarter the network's, the rest the image's own.</summary>
/// <param name="Total">The whole of it, in octets: <c>MORGANA_MEMORY</c>.</param>
internal readonly record struct GuestMemory(long Total)
{
    private const string Variable = "MORGANA_MEMORY";
    private const long Default = 64L << 20;

    /// <summary>The network's pool: every frame, queue and buffer of the stack lives in it.</summary>
    public int Pool => (int)Math.Clamp(Total / 4, 1 << 20, 256 << 20);

    /// <summary>Connections of a web server. One with half a request costs 9 KB of heap: together they take less than half of it.</summary>
    public int WebConnections => (int)Math.Clamp(Total / (48 << 10), 64, 16384);

    /// <summary>How many of them may speak HTTP/2: one costs 40 KB of heap before its first stream.</summary>
    public int Http2Connections => (int)Math.Clamp(Total / (512 << 10), 16, 4096);

    /// <summary>Requests at once on one connection of HTTP/2; RFC 9113 6.5.2 would rather have a hundred, where there is the memory.</summary>
    public int Http2Streams => (int)Math.Clamp(Total / (2 << 20), 16, 100);

    /// <summary>What one connection of a web server may queue in each direction: slow peers must not be able to take the pool from all others.</summary>
    public int ConnectionBuffer => Math.Clamp(Pool / 128, 16 << 10, 256 << 10);

    /// <summary>Reads what the runner gave; nothing, or an empty text, is 64 MB.</summary>
    /// <exception cref="BootException">It is no number of octets.</exception>
    public static GuestMemory FromEnvironment() => Parse(Environment.GetEnvironmentVariable(Variable));

    /// <inheritdoc cref="FromEnvironment"/>
    public static GuestMemory Parse(string? text)
    {
        if (string.IsNullOrEmpty(text)) return new(Default);
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long total)
            ? new(total)
            : throw new BootException($"{Variable}={text}: expected a number of octets.");
    }
}
