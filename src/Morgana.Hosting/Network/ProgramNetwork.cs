using Morgana.Sockets;

namespace Morgana.Hosting;

/// <summary>The network that this program's own composition, or <c>UseMorgana</c>, has started: .NET's sockets in the same program use it too.</summary>
public static class ProgramNetwork
{
    private static NetworkLoop? s_first, s_ofSockets;

    /// <summary>The first that was started and still runs; null if there is none yet.</summary>
    public static NetworkLoop? Current => Volatile.Read(ref s_first) is { HasEnded: false } loop ? loop : null;

    /// <summary>The network on the device <c>net0</c> if .NET's sockets came first and opened it: nobody can open a device twice. Null if they did not.</summary>
    public static NetworkLoop? OfSockets => Volatile.Read(ref s_ofSockets) is { HasEnded: false } loop ? loop : null;

    /// <summary>.NET's sockets have opened the device <c>net0</c>, and started a network on it.</summary>
    public static void StartedBySockets(NetworkLoop loop) => Volatile.Write(ref s_ofSockets, loop);

    /// <summary>A network has been started. Where there are several, the first one counts, until it ends.</summary>
    public static void Started(NetworkLoop loop)
    {
        if (Current is null) Volatile.Write(ref s_first, loop);
    }
}
