using Morgana.Core;
using Morgana.Sockets;

namespace Morgana.SystemNative;

/// <summary>Which sockets are bound to which TCP ports: the rules of <c>SO_REUSEADDR</c> and <c>SO_REUSEPORT</c>. In the loop's turn.</summary>
internal sealed class TcpPorts
{
    // ip_local_port_range of Linux.
    private const int FirstEphemeral = 32768;
    private const int LastEphemeral = 60999;

    private readonly Dictionary<ushort, List<TcpSocket>> _bound = [];

    /// <summary>Sockets that are bound, for what lists them.</summary>
    public IEnumerable<TcpSocket> All => _bound.Values.SelectMany(s => s);

    /// <summary>Binds a socket; port 0 is a free one.</summary>
    public Error Bind(TcpSocket socket, IpEndpoint local, out IpEndpoint bound)
    {
        bound = local;
        if (local.Port == 0)
        {
            if (!TryChoose(out ushort port)) return Error.EADDRINUSE;
            bound = local with { Port = port };
        }
        else if (_bound.TryGetValue(local.Port, out var others) && others.Exists(other => IsConflict(socket, local.Address, other)))
        {
            return Error.EADDRINUSE;
        }

        if (!_bound.TryGetValue(bound.Port, out var sockets)) _bound[bound.Port] = sockets = [];
        sockets.Add(socket);
        return Error.Success;
    }

    /// <summary>Whether a bound socket may listen: no other does at an address that overlaps.</summary>
    public bool MayListen(TcpSocket socket, IpEndpoint local) =>
        !_bound[local.Port].Exists(other => other != socket && other.IsListening && Overlaps(local.Address, other.Local.Address));

    public void Remove(TcpSocket socket, ushort port)
    {
        if (!_bound.TryGetValue(port, out var sockets)) return;
        sockets.Remove(socket);
        if (sockets.Count == 0) _bound.Remove(port);
    }

    // socket(7), SO_REUSEADDR: binding is possible where nobody listens, if all say so.
    private static bool IsConflict(TcpSocket socket, IpAddress address, TcpSocket other) =>
        Overlaps(address, other.Local.Address)
        && !(socket.Options.ReusePort && other.Options.ReusePort)
        && !(socket.Options.ReuseAddress && other.Options.ReuseAddress && !other.IsListening);

    private static bool Overlaps(IpAddress a, IpAddress b) => a.IsAny || b.IsAny || a == b;

    // RFC 6056 3.3.1.
    private bool TryChoose(out ushort port)
    {
        const int count = LastEphemeral - FirstEphemeral + 1;
        int start = SystemEntropy.NextUInt16() % count;
        for (int i = 0; i < count; i++)
        {
            port = (ushort)(FirstEphemeral + ((start + i) % count));
            if (!_bound.ContainsKey(port)) return true;
        }

        port = 0;
        return false;
    }
}
