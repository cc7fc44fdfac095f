using System.Net.Sockets;
using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Morgana.Sockets;

// What applications ask for: each becomes a question to the loop.
public sealed partial class NetworkLoop
{
    /// <inheritdoc/>
    public ValueTask<TcpListener> ListenAsync(IpEndpoint local, TcpListenerOptions? options = null, CancellationToken cancel = default) =>
        OpenAsync<TcpListener>(_ => Listen(local, options ?? new()), cancel);

    // Who gives up waiting never learns what was opened, so that it is closed again.
    private async ValueTask<T> OpenAsync<T>(Func<Instant, T> open, CancellationToken cancel)
        where T : IAsyncDisposable
    {
        cancel.ThrowIfCancellationRequested();
        var opening = CallAsync(open);
        try
        {
            return await opening.WaitAsync(cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            _ = CloseUnwantedAsync(opening);
            throw;
        }
    }

    private static async Task CloseUnwantedAsync<T>(Task<T> opening)
        where T : IAsyncDisposable
    {
        await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (opening.IsCompletedSuccessfully) await opening.Result.DisposeAsync().ConfigureAwait(false);
    }

    private LoopTcpListener Listen(IpEndpoint local, TcpListenerOptions options)
    {
        if (!local.Address.IsAny && !Stack.IsOwn(local.Address))
            throw new SocketException((int)SocketError.AddressNotAvailable, $"{local.Address} is not an address of this host.");
        var machineOptions = new TcpListenOptions
        {
            Backlog = options.Backlog,
            SynBacklog = options.SynBacklog,
            ConnectionsPerSource = options.ConnectionsPerSource,
            Connection = ToMachine(options.Connection),
        };
        // Port 0 means a free one here; to the stack it means all ports, for routers. A few draws find one unless nearly all are taken.
        var error = TcpListenError.AddressInUse;
        TcpListenSocket? socket = null;
        for (int draw = 0; error == TcpListenError.AddressInUse && draw < (local.Port == 0 ? 128 : 1); draw++)
        {
            var endpoint = local.Port != 0 ? local : new(local.Address, (ushort)(SystemEntropy.NextUInt16() | 0x8000));
            error = Stack.Tcp.TryListen(endpoint, machineOptions, out socket);
        }

        if (error != TcpListenError.None) throw new SocketException((int)ToSocketError(error));
        var listener = new LoopTcpListener(this, socket!, options);
        socket!.Owner = listener;
        _listeners.Add(listener);
        return listener;
    }

    /// <inheritdoc/>
    public async ValueTask<TcpConnection> ConnectAsync(IpEndpoint remote, TcpConnectOptions? options = null, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        options ??= TcpConnectOptions.Default;
        var (connection, connected) = await CallAsync(now => Connect(remote, options, now)).ConfigureAwait(false);
        try
        {
            return await connected.WaitAsync(cancel).ConfigureAwait(false);
        }
        catch
        {
            connection.Abort();
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private (LoopTcpConnection Connection, Task<TcpConnection> Connected) Connect(IpEndpoint remote, TcpConnectOptions options, Instant now)
    {
        if (!Stack.TrySelectSource(remote.Address, out var source, out int mtu)) throw new SocketException((int)SocketError.NetworkUnreachable);
        var error = Stack.Tcp.TryConnect(new(source, 0), remote, mtu, ToMachine(options), now, out var tcb);
        if (error != TcpConnectError.None) throw new SocketException((int)ToSocketError(error));
        var connection = new LoopTcpConnection(this, tcb!, options);
        tcb!.Owner = connection;
        _connections.Add(connection);
        return (connection, connection.WaitUntilConnectedAsync());
    }

    private static TcpConnectionOptions ToMachine(TcpConnectOptions options) => new()
    {
        SendBuffer = options.SendBuffer,
        ReceiveBuffer = options.ReceiveBuffer,
        NoDelay = options.NoDelay,
        KeepAlive = options.KeepAlive,
        KeepAliveInterval = options.KeepAliveInterval,
        KeepAliveProbes = options.KeepAliveProbes,
    };

    private static SocketError ToSocketError(TcpListenError error) => error switch
    {
        TcpListenError.AddressInUse => SocketError.AddressAlreadyInUse,
        _ => SocketError.InvalidArgument,
    };

    private static SocketError ToSocketError(TcpConnectError error) => error switch
    {
        TcpConnectError.NoPort => SocketError.AddressNotAvailable,
        TcpConnectError.AddressInUse => SocketError.AddressAlreadyInUse,
        TcpConnectError.ConnectionLimit => SocketError.NoBufferSpaceAvailable,
        _ => SocketError.InvalidArgument,
    };

    /// <inheritdoc/>
    /// <remarks>The counters are read while the loop goes on: each is right by itself, and their sum may be off by what happens meanwhile.</remarks>
    public NetworkSnapshot Snapshot()
    {
        var now = Now();
        var states = new int[StateCount];
        for (int i = 0; i < states.Length; i++) states[i] = Stack.Tcp.Statistics[(TcpState)i];
        var drops = new long[ReasonCount];
        for (int i = 0; i < drops.Length; i++) drops[i] = Stack.Drops[(DropReason)i];
        return new(now, now - Instant.Zero, Stack.Statistics, states, drops);
    }

    private static readonly int StateCount = Enum.GetValues<TcpState>().Length;
    private static readonly int ReasonCount = Enum.GetValues<DropReason>().Length;
}
