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
    IConnectionLifetimeFeature, IConnectionEndPointFeature
{
    private static long _lastId;

    private readonly TcpConnection _connection;
    private readonly FeatureCollection _features = new(initialCapacity: 8);
    private readonly long _number = Interlocked.Increment(ref _lastId);
    private string? _id;
    private IDictionary<object, object?>? _items;
    private EndPoint? _local;
    private EndPoint? _remote;

    public MorganaConnectionContext(TcpConnection connection)
    {
        _connection = connection;
        Transport = connection;
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

    public override void Abort(ConnectionAbortedException abortReason) => _connection.Abort();

    public override void Abort() => _connection.Abort();

    public override ValueTask DisposeAsync() => _connection.DisposeAsync();
}
