using Morgana.AspNetCore;
using Morgana.Sockets;

namespace Website;

/// <summary>What the guest shows of itself: its network's counters, its heap, and the requests that it has answered.</summary>
internal sealed class GuestStatus(INetworkStack network, ConnectionLimit connections)
{
    private long _requests;

    /// <summary>Requests so far.</summary>
    public long Requests => Volatile.Read(ref _requests);

    /// <summary>Counts one request.</summary>
    public void CountRequest() => Interlocked.Increment(ref _requests);

    /// <summary>The web server's connections.</summary>
    public ConnectionLimit Connections => connections;

    /// <summary>What the network has counted.</summary>
    public NetworkSnapshot Network => network.Snapshot();

    /// <summary>The name that RFC 9293 gives a state: <c>FIN-WAIT-2</c>.</summary>
    public static string StateName(Morgana.Protocols.Tcp.TcpState state)
    {
        var name = new System.Text.StringBuilder();
        foreach (char c in state.ToString())
        {
            if (name.Length > 0 && (char.IsUpper(c) || char.IsDigit(c))) name.Append('-');
            name.Append(char.ToUpperInvariant(c));
        }

        return name.ToString();
    }
}
