using System.Net.Sockets;
using Morgana.Core;
using Morgana.Protocols.Icmp;
using Morgana.Protocols.Udp;

namespace Morgana.Sockets;

// UDP, ping and names.
public sealed partial class NetworkLoop
{
    private const int MaxPings = 1024;
    private readonly HashSet<LoopUdpSocket> _sockets = [];
    private readonly Dictionary<int, Ping> _pings = [];     // By identifier and sequence number.
    private ushort _pingSequence;

    /// <inheritdoc/>
    public ValueTask<UdpSocket> BindAsync(IpEndpoint local, CancellationToken cancel = default) => OpenAsync<UdpSocket>(_ => Bind(local), cancel);

    private LoopUdpSocket Bind(IpEndpoint local)
    {
        var error = Stack.Udp.TryBind(local, new UdpBindOptions(), out var endpoint);
        if (error != UdpBindError.None)
            throw new SocketException((int)(error == UdpBindError.AddressInUse ? SocketError.AddressAlreadyInUse : SocketError.AddressNotAvailable));
        var socket = new LoopUdpSocket(this, endpoint!);
        endpoint!.Owner = socket;
        _sockets.Add(socket);
        return socket;
    }

    /// <inheritdoc/>
    public async ValueTask<PingReply> PingAsync(IpAddress destination, TimeSpan timeout, int payloadLength = 56, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(payloadLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payloadLength, 65507);
        var ping = await CallAsync(now => SendPing(destination, payloadLength, now)).ConfigureAwait(false);
        try
        {
            return await ping.Task.WaitAsync(timeout, _clock, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return default;
        }
        finally
        {
            Post(static s => ((Ping)s!).Loop._pings.Remove(((Ping)s).Key), ping);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IpAddress[]> ResolveAsync(string name, CancellationToken cancel = default) =>
        new NameLookup(this, _options.NameServers, _clock).ResolveAsync(name, hasIpv6: false, cancel);

    /// <summary>The name of an address, as the name servers say (RFC 1035 3.5); null if it has none. Nothing proves that the name has the address.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">There is no such name, or nobody could be asked.</exception>
    public ValueTask<string?> ResolveAsync(Ipv4Address address, CancellationToken cancel = default) =>
        new NameLookup(this, _options.NameServers, _clock).ResolveAsync(address, cancel);

    internal void Forget(LoopUdpSocket socket) => _sockets.Remove(socket);

    private Ping SendPing(IpAddress destination, int payloadLength, Instant now)
    {
        if (_pings.Count >= MaxPings) throw new SocketException((int)SocketError.NoBufferSpaceAvailable);
        // The id is unpredictable, so that nobody off the path can answer for another.
        var (identifier, sequence) = (SystemEntropy.NextUInt16(), unchecked(++_pingSequence));
        var ping = new Ping(this, PingKey(identifier, sequence), now);
        byte[] payload = new byte[payloadLength];
        for (int i = 0; i < payload.Length; i++) payload[i] = (byte)i;
        if (Stack.Icmp.SendEcho(destination, identifier, sequence, payload, now) != DropReason.None) throw new SocketException((int)SocketError.NetworkUnreachable);
        _pings.Add(ping.Key, ping);
        return ping;
    }

    private static int PingKey(ushort identifier, ushort sequence) => (identifier << 16) | sequence;

    private bool TellDatagramOwners(Instant now)
    {
        bool any = false;
        while (Stack.Udp.TryTakeReady(out var endpoint))
        {
            any = true;
            if (endpoint!.Owner is LoopUdpSocket socket) socket.HandleReady(endpoint);
            else if (endpoint.Owner is IUdpObserver observer) observer.HandleReady(endpoint, now);
        }

        while (Stack.Icmp.TryTakeReply(out EchoReply reply))
        {
            any = true;
            if (_pings.Remove(PingKey(reply.Identifier, reply.Sequence), out var ping)) ping.TrySetResult(new(true, now - ping.SentAt, reply.From));
        }

        return any;
    }

    private void StopDatagrams()
    {
        foreach (var socket in _sockets.ToArray()) socket.HandleLoopStopped();
        foreach (var ping in _pings.Values) ping.TrySetException(new SocketException((int)SocketError.NetworkDown));
    }

    private sealed class Ping(NetworkLoop loop, int key, Instant sentAt)
        : TaskCompletionSource<PingReply>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public NetworkLoop Loop { get; } = loop;

        public int Key { get; } = key;

        public Instant SentAt { get; } = sentAt;
    }
}

/// <summary>Watches a UDP endpoint on the loop's thread without the async edge: a router's flows, for example.</summary>
public interface IUdpObserver
{
    /// <summary>Datagrams wait: receive until there are none.</summary>
    void HandleReady(UdpEndpoint endpoint, Instant now);
}
