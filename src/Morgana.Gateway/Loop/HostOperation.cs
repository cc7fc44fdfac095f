using System.Net.Sockets;
using Morgana.Core;

namespace Morgana.Gateway.Loop;

/// <summary>Whoever started a <see cref="HostOperation"/>.</summary>
internal interface IHostOperationOwner
{
    /// <summary>The operation has ended, on the loop's thread. It ends exactly once for each time that it was pending.</summary>
    void OnCompleted(HostOperation operation, Instant now);
}

/// <summary>One asynchronous operation on a host socket, used again and again. It ends on any thread and is brought to the loop's.</summary>
internal sealed class HostOperation(GatewayLoop loop, IHostOperationOwner owner) : SocketAsyncEventArgs(true)
{
    /// <summary>Who is told that it ended.</summary>
    public IHostOperationOwner Owner => owner;

    /// <summary>Whether it runs: its memory and its socket must then be left alone. Loop's thread only.</summary>
    public bool IsPending { get; private set; }

    /// <summary>Waits until the socket has something to read, or has failed.</summary>
    /// <returns>False if it has already, so that there is nothing to wait for.</returns>
    public bool TryWaitReadable(Socket socket)
    {
        // Nothing is received: the host only says when it is time, so that no flow holds memory while it is idle.
        SetBuffer(Memory<byte>.Empty);
        return IsPending = socket.ReceiveAsync(this);
    }

    /// <summary>Sends all of <paramref name="data"/>, which stays lent until the end.</summary>
    /// <returns>False if it is done or has failed already; <see cref="SocketAsyncEventArgs.SocketError"/> says which.</returns>
    public bool TrySend(Socket socket, Memory<byte> data)
    {
        SetBuffer(data);
        return IsPending = socket.SendAsync(this);
    }

    /// <summary>Opens a connection to <see cref="SocketAsyncEventArgs.RemoteEndPoint"/>.</summary>
    /// <returns>False if it is open or has failed already.</returns>
    public bool TryConnect(Socket socket)
    {
        SetBuffer(Memory<byte>.Empty);
        return IsPending = socket.ConnectAsync(this);
    }

    /// <summary>Accepts a connection into <see cref="SocketAsyncEventArgs.AcceptSocket"/>.</summary>
    /// <returns>False if one is there or it has failed already.</returns>
    public bool TryAccept(Socket listener)
    {
        AcceptSocket = null;
        return IsPending = listener.AcceptAsync(this);
    }

    /// <summary>The loop has taken the end into account. Loop's thread only.</summary>
    public void End() => IsPending = false;

    /// <inheritdoc/>
    protected override void OnCompleted(SocketAsyncEventArgs e) => loop.Enqueue(this);
}
