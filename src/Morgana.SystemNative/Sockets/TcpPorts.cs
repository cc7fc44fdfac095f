using Morgana.Core;
using Morgana.Sockets;

namespace Morgana.SystemNative;

/// <summary>Which sockets are bound to which TCP ports: the rules of <c>SO_REUSEADDR</c> and <c>SO_REUSEPORT</c>. In the loop's turn.</summary>
internal sealed class TcpPorts
{
    // By port; of a type that other tables have, too, so that this one has no code of its own.
    private readonly Dictionary<int, List<TcpSocket>> _bound = [];

    /// <summary>What is connected from a port that the stack chose: as on Linux, more connections may come from there, and nobody may be bound to it.</summary>
    private readonly Dictionary<int, List<TcpSocket>> _connected = [];

    private static readonly List<TcpSocket> s_nobody = [];

    /// <summary>Sockets that are bound, for what lists them.</summary>
    public IEnumerable<TcpSocket> All => _bound.Values.SelectMany(s => s);

    /// <summary>Binds a socket; port 0 is a free one.</summary>
    public Error Bind(TcpSocket socket, IpEndpoint local, out IpEndpoint bound)
    {
        bound = local;
        if (local.Port == 0)
        {
            if (!TryChoose(socket, local.Address, out ushort port)) return Error.EADDRINUSE;
            bound = local with { Port = port };
        }
        else if (Others(local.Port).Any(other => IsConflict(socket, local.Address, other)))
        {
            return Error.EADDRINUSE;
        }

        Add(_bound, bound.Port, socket);
        return Error.Success;
    }

    /// <summary>A socket that is not bound is being connected from a port.</summary>
    public void Connect(TcpSocket socket, ushort port) => Add(_connected, port, socket);

    /// <summary>Its connection has gone.</summary>
    public void Disconnect(TcpSocket socket, ushort port) => Remove(_connected, port, socket);

    /// <summary>Whether a bound socket may listen: no other does at an address that overlaps.</summary>
    public bool MayListen(TcpSocket socket, IpEndpoint local) =>
        !_bound[local.Port].Exists(other => other != socket && other.IsListening && Overlaps(local.Address, other.Local.Address));

    public void Remove(TcpSocket socket, ushort port) => Remove(_bound, port, socket);

    private IEnumerable<TcpSocket> Others(ushort port) =>
        _bound.GetValueOrDefault(port, s_nobody).Concat(_connected.GetValueOrDefault(port, s_nobody));

    private static void Add(Dictionary<int, List<TcpSocket>> sockets, ushort port, TcpSocket socket)
    {
        if (!sockets.TryGetValue(port, out var there)) sockets[port] = there = new(1);
        there.Add(socket);
    }

    private static void Remove(Dictionary<int, List<TcpSocket>> sockets, ushort port, TcpSocket socket)
    {
        if (!sockets.TryGetValue(port, out var there)) return;
        there.Remove(socket);
        if (there.Count == 0) sockets.Remove(port);
    }

    // socket(7), SO_REUSEADDR: binding is possible where nobody listens, if all say so.
    private static bool IsConflict(TcpSocket socket, IpAddress address, TcpSocket other) =>
        Overlaps(address, other.Local.Address)
        && !(socket.Options.ReusePort && other.Options.ReusePort)
        && !(socket.Options.ReuseAddress && other.Options.ReuseAddress && !other.IsListening);

    private static bool Overlaps(IpAddress a, IpAddress b) => a.IsAny || b.IsAny || a == b;

    // RFC 6056 3.3.1.
    private bool TryChoose(TcpSocket socket, IpAddress address, out ushort port)
    {
        foreach (ushort next in InAnyOrder(socket.Options.EphemeralPorts))
        {
            port = next;
            // Linux shares no port that it chooses with who would be in the way, whatever either of them allows.
            if (!Others(port).Any(other => Overlaps(address, other.Local.Address))) return true;
        }

        port = 0;
        return false;
    }

    /// <summary>The ports of a range that no socket is bound to, from a random one on.</summary>
    public IEnumerable<ushort> Unbound((ushort First, ushort Last) range)
    {
        foreach (ushort port in InAnyOrder(range))
            if (!_bound.ContainsKey(port)) yield return port;
    }

    private static IEnumerable<ushort> InAnyOrder((ushort First, ushort Last) range)
    {
        int count = range.Last - range.First + 1;
        int start = SystemEntropy.NextUInt16() % count;
        for (int i = 0; i < count; i++) yield return (ushort)(range.First + ((start + i) % count));
    }
}
