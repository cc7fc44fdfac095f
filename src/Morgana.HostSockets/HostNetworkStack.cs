using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Morgana.Core;
using Morgana.Sockets;
using PingReply = Morgana.Sockets.PingReply;
using TcpListener = Morgana.Sockets.TcpListener;

namespace Morgana.HostSockets;

/// <summary>The host's network stack. Any thread.</summary>
public sealed class HostNetworkStack : INetworkStack
{
    private readonly TimeProvider _clock;
    private readonly long _started;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="clock">For <see cref="Snapshot"/> and pings; null is the system's.</param>
    public HostNetworkStack(TimeProvider? clock = null)
    {
        _clock = clock ?? TimeProvider.System;
        _started = _clock.GetTimestamp();
    }

    /// <inheritdoc/>
    public ValueTask<TcpListener> ListenAsync(IpEndpoint local, TcpListenerOptions? options = null, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        options ??= new();
        var socket = new Socket(Family(local.Address), SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // "::" is every address of both versions, as in our own stack.
            if (socket.AddressFamily == AddressFamily.InterNetworkV6) socket.DualMode = local.Address.IsAny;
            // Not ReuseAddress: on Linux .NET takes it for SO_REUSEPORT, too, and two could listen on one port. TIME-WAIT does not hinder it anyway.
            socket.Bind(ToHost(local));
            socket.Listen(options.Backlog);
            return new(new HostTcpListener(socket, options.Connection));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Sockets.TcpConnection> ConnectAsync(IpEndpoint remote, TcpConnectOptions? options = null, CancellationToken cancel = default)
    {
        var socket = new Socket(Family(remote.Address), SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(ToHost(remote), cancel).ConfigureAwait(false);
            return new HostTcpConnection(socket, options ?? TcpConnectOptions.Default);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask<UdpSocket> BindAsync(IpEndpoint local, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        var socket = new Socket(Family(local.Address), SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (socket.AddressFamily == AddressFamily.InterNetworkV6) socket.DualMode = local.Address.IsAny;
            socket.Bind(ToHost(local));
            return new(new HostUdpSocket(socket));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<PingReply> PingAsync(IpAddress destination, TimeSpan timeout, int payloadLength = 56, CancellationToken cancel = default)
    {
        using var ping = new Ping();
        long sent = _clock.GetTimestamp();
        var reply = await ping.SendPingAsync(ToHost(destination), timeout, new byte[payloadLength], cancellationToken: cancel).ConfigureAwait(false);
        return reply.Status == IPStatus.Success ? new(true, _clock.GetElapsedTime(sent), FromHost(reply.Address)) : default;
    }

    /// <inheritdoc/>
    public async ValueTask<IpAddress[]> ResolveAsync(string name, CancellationToken cancel = default) =>
        [.. (await Dns.GetHostAddressesAsync(name, cancel).ConfigureAwait(false)).Select(FromHost)];

    /// <summary>Nothing but the time: the host does not tell one program's counters.</summary>
    public NetworkSnapshot Snapshot()
    {
        var uptime = _clock.GetElapsedTime(_started);
        return new(new(uptime.Ticks * 100), uptime, new() { Tcp = new() }, new int[Enum.GetValues<Protocols.Tcp.TcpState>().Length], new long[Enum.GetValues<DropReason>().Length]);
    }

    internal static IPEndPoint ToHost(IpEndpoint endpoint) => new(ToHost(endpoint.Address), endpoint.Port);

    internal static IpEndpoint FromHost(EndPoint? endpoint) => endpoint is IPEndPoint ip ? new(FromHost(ip.Address), (ushort)ip.Port) : default;

    private static IPAddress ToHost(IpAddress address) => IPAddress.Parse(address.ToString());

    private static IpAddress FromHost(IPAddress address) => IpAddress.Parse((address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString());

    private static AddressFamily Family(IpAddress address) => ToHost(address).AddressFamily;
}
