using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Morgana.Testing;

public sealed partial class VirtualHost
{
    private readonly List<VirtualStream> _streams = [];
    private readonly List<VirtualListener> _listeners = [];

    /// <summary>The streams that are not over.</summary>
    public IReadOnlyList<VirtualStream> Streams => _streams;

    /// <summary>Listens on a port of any address; connections are accepted as they come.</summary>
    public VirtualListener Listen(ushort port, TcpListenOptions? options = null)
    {
        var error = Stack.Tcp.TryListen(new(Ipv4Address.Any, port), options ?? new(), out var socket);
        if (socket is null) throw new InvalidOperationException($"Port {port}: {error}.");
        var listener = new VirtualListener(this, socket);
        _listeners.Add(listener);
        return listener;
    }

    /// <summary>Opens a connection.</summary>
    public VirtualStream Connect(string address, ushort port, TcpConnectionOptions? options = null)
    {
        IpAddress remote = Ipv4Address.Parse(address);
        if (!Stack.TrySelectSource(remote, out var source, out int mtu)) throw new InvalidOperationException($"There is no route to {address}.");
        var error = Stack.Tcp.TryConnect(new(source, 0), new(remote, port), mtu, options ?? TcpConnectionOptions.Default, Network.Now, out var block);
        if (block is null) throw new InvalidOperationException($"{address}:{port}: {error}.");
        return Add(block);
    }

    internal VirtualStream Add(TcpControlBlock block)
    {
        var stream = new VirtualStream(this, block);
        block.Owner = stream;
        _streams.Add(stream);
        return stream;
    }

    private partial void PumpStreams()
    {
        foreach (var listener in _listeners) listener.Accept();
        while (Stack.Tcp.TryTakeReady(out var block))
            if (block.Owner is VirtualStream stream) stream.HandleEvents();
        foreach (var stream in _streams) stream.Pump();
        _streams.RemoveAll(s => s.IsOver);
    }
}

/// <summary>A listening port of a <see cref="VirtualHost"/>.</summary>
public sealed class VirtualListener
{
    private readonly VirtualHost _host;
    private readonly TcpListenSocket _socket;
    private readonly List<VirtualStream> _accepted = [];

    internal VirtualListener(VirtualHost host, TcpListenSocket socket)
    {
        _host = host;
        _socket = socket;
    }

    /// <summary>Connections that were accepted, in order.</summary>
    public IReadOnlyList<VirtualStream> Accepted => _accepted;

    /// <summary>Sees each connection as it is accepted.</summary>
    public Action<VirtualStream>? OnAccepted { get; set; }

    /// <summary>Octets that all of them have received.</summary>
    public int ByteCount => _accepted.Sum(s => s.ReceivedCount);

    /// <summary>What the first of them has received.</summary>
    public byte[] ToArray() => _accepted.Count == 0 ? [] : _accepted[0].ToArray();

    /// <summary>Stops listening.</summary>
    public void Close() => _socket.Close(_host.Network.Now);

    internal void Accept()
    {
        while (_socket.TryAccept(out var block))
        {
            var stream = _host.Add(block);
            stream.IsConnected = true;
            stream.HandleEvents();
            _accepted.Add(stream);
            OnAccepted?.Invoke(stream);
        }
    }
}

/// <summary>A connection of a <see cref="VirtualHost"/>, whose application writes what it is given and reads all that comes.</summary>
public sealed class VirtualStream
{
    private readonly VirtualHost _host;
    private readonly MemoryStream _received = new();
    private readonly Queue<ReadOnlyMemory<byte>> _toSend = new();
    private TcpControlBlock? _block;
    private bool _shutDown;
    private bool _isShut;

    internal VirtualStream(VirtualHost host, TcpControlBlock block)
    {
        _host = host;
        _block = block;
    }

    /// <summary>All events that have happened.</summary>
    public TcpEvents Events { get; private set; }

    /// <summary>Octets that were received.</summary>
    public int ReceivedCount => (int)_received.Length;

    /// <summary>Whether the handshake is complete.</summary>
    public bool IsConnected { get; internal set; }

    /// <summary>Whether the peer has finished.</summary>
    public bool IsEndOfStream { get; private set; }

    /// <summary>Whether the application is not to read: then the window closes.</summary>
    public bool IsPaused { get; set; }

    /// <summary>Whether the connection is gone for the application.</summary>
    public bool IsOver => _block is null;

    /// <summary>What was received.</summary>
    public byte[] ToArray() => _received.ToArray();

    /// <summary>Sends octets, as fast as there is room.</summary>
    public void Write(ReadOnlyMemory<byte> data) => _toSend.Enqueue(data);

    /// <summary>Finishes after what was written.</summary>
    public void Shutdown() => _shutDown = true;

    /// <summary>Lets the connection go, at once.</summary>
    public void Close()
    {
        _block?.Close(_host.Network.Now);
        _block = null;
    }

    /// <summary>Resets the connection.</summary>
    public void Abort()
    {
        _block?.Abort(_host.Network.Now);
        _block = null;
    }

    internal void HandleEvents()
    {
        Events |= _block?.TakeEvents() ?? TcpEvents.None;
        IsConnected |= (Events & TcpEvents.Connected) != 0;
    }

    internal void Pump()
    {
        if (_block is null) return;
        Send(_block);
        Receive(_block);
        bool isDone = IsEndOfStream && _shutDown && _toSend.Count == 0;
        if (isDone || (Events & TcpEvents.Closed) != 0) Close();
    }

    private void Send(TcpControlBlock block)
    {
        while (_toSend.TryPeek(out var data))
        {
            int n = block.Write(data.Span, _host.Network.Now);
            if (n == 0 && data.Length > 0) return;
            _toSend.Dequeue();
            if (n == data.Length) continue;
            var rest = _toSend.ToArray();
            _toSend.Clear();
            _toSend.Enqueue(data[n..]);
            foreach (var later in rest) _toSend.Enqueue(later);
            return;
        }

        if (!_shutDown || _isShut || !IsConnected) return;
        _isShut = true;
        block.Shutdown(_host.Network.Now);
    }

    private void Receive(TcpControlBlock block)
    {
        if (IsPaused) return;
        Span<byte> buffer = stackalloc byte[4096];
        for (int n; (n = block.Read(buffer, _host.Network.Now)) > 0;) _received.Write(buffer[..n]);
        IsEndOfStream |= block.IsEndOfStream;
    }
}
