using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Morgana.Sockets;

namespace Morgana.AspNetCore;

/// <summary>A connection as Kestrel sees it. Its pipes are the connection's own: nothing is copied between them.</summary>
internal sealed class MorganaConnectionContext : ConnectionContext, IConnectionIdFeature, IConnectionTransportFeature, IConnectionItemsFeature,
    IConnectionLifetimeFeature, IConnectionEndPointFeature, IDuplexPipe
{
    private static long _lastId;

    private readonly TcpConnection _connection;
    private readonly ConnectionLimit _limit;
    private readonly LingeringInput _input;
    private volatile bool _isAborted;
    private readonly FeatureCollection _features = new(initialCapacity: 8);
    private readonly long _number = Interlocked.Increment(ref _lastId);
    private int _disposed;
    private string? _id;
    private IDictionary<object, object?>? _items;
    private EndPoint? _local;
    private EndPoint? _remote;

    /// <summary>A connection that was let in by <paramref name="limit"/>, and leaves it when it is disposed of.</summary>
    public MorganaConnectionContext(TcpConnection connection, ConnectionLimit limit)
    {
        _connection = connection;
        _limit = limit;
        _input = new(connection.Input);
        Transport = this;
        ConnectionClosed = connection.Closed;
        _features.Set<IConnectionIdFeature>(this);
        _features.Set<IConnectionTransportFeature>(this);
        _features.Set<IConnectionItemsFeature>(this);
        _features.Set<IConnectionLifetimeFeature>(this);
        _features.Set<IConnectionEndPointFeature>(this);
    }

    public override IFeatureCollection Features => _features;

    public override IDuplexPipe Transport { get; set; }

    public override CancellationToken ConnectionClosed { get; set; }

    public override string ConnectionId
    {
        get => _id ??= string.Create(CultureInfo.InvariantCulture, $"{_number:x8}");
        set => _id = value;
    }

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    public override EndPoint? LocalEndPoint
    {
        get => _local ??= _connection.LocalEndpoint.ToSystem();
        set => _local = value;
    }

    public override EndPoint? RemoteEndPoint
    {
        get => _remote ??= _connection.RemoteEndpoint.ToSystem();
        set => _remote = value;
    }

    PipeReader IDuplexPipe.Input => _input;

    PipeWriter IDuplexPipe.Output => _connection.Output;

    public override void Abort(ConnectionAbortedException abortReason) => Abort();

    public override void Abort()
    {
        _isAborted = true;
        _connection.Abort();
    }

    /// <summary>Whether it counts as one of HTTP/2.</summary>
    public bool IsHttp2 { get; private set; }

    /// <summary>It has turned out to speak HTTP/2. False: there are too many of those.</summary>
    public bool TryBecomeHttp2() => IsHttp2 = _limit.TryBecomeHttp2();

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        if (!_isAborted) await _input.LingerAsync(_connection.Output);
        await _connection.DisposeAsync();
        _limit.Leave(IsHttp2);
    }
}
