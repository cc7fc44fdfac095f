using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Morgana.Core;
using Morgana.Devices;
using Morgana.Network;
using Morgana.Sockets;

namespace Morgana.AspNetCore.Tests;

/// <summary>A web application on one host and a client on another, joined in memory. Each has a loop and a pool of its own.</summary>
internal sealed class ServedSite : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    public static readonly IpEndpoint Endpoint = new(Ipv4Address.From(10, 0, 0, 2), 80);

    private readonly WebApplication _app;
    private readonly BufferPool _clientPool = new(MemoryRegion.Native(16 << 20));
    private readonly BufferPool _serverPool = new(MemoryRegion.Native(16 << 20));
    private readonly NetworkLoop _server;

    private ServedSite(Action<WebApplication> configure, MorganaTransportOptions options, Action<KestrelServerLimits>? limits)
    {
        var (client, server) = MemoryLink.Create(_clientPool, _serverPool, new MemoryLinkOptions { Capacity = 1024 });
        Client = Start(client, _clientPool, 1);
        _server = Start(server, _serverPool, 2);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddSingleton<INetworkStack>(_server);
        builder.Services.AddRoutingCore();
        builder.Services.AddMorganaTransport(options);
        builder.Logging.AddProvider(Log);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(o =>
        {
            o.AddServerHeader = false;
            limits?.Invoke(o.Limits);
            o.ListenMorgana(80);
        });
        _app = builder.Build();
        Connections = _app.Services.GetRequiredService<ConnectionLimit>();
        configure(_app);
    }

    /// <summary>The client's network.</summary>
    public NetworkLoop Client { get; }

    /// <summary>Warnings and worse of the server.</summary>
    public WarningLog Log { get; } = new();

    public ConnectionLimit Connections { get; }

    public static async Task<ServedSite> StartAsync(
        Action<WebApplication> configure, MorganaTransportOptions? options = null, Action<KestrelServerLimits>? limits = null)
    {
        var site = new ServedSite(configure, options ?? new(), limits);
        await site._app.StartAsync();
        return site;
    }

    public HttpClient HttpClient(Version? version = null)
    {
        var handler = MorganaHttp.CreateHandler(Client);
        handler.AllowAutoRedirect = false;
        return new(handler)
        {
            BaseAddress = new("http://10.0.0.2/"),
            DefaultRequestVersion = version ?? System.Net.HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = Limit,
        };
    }

    public async Task<TcpConnection> ConnectAsync() => await Client.ConnectAsync(Endpoint).AsTask().WaitAsync(Limit);

    /// <summary>Sends octets, and reads until the server ends the connection.</summary>
    public async Task<string> ExchangeAsync(string request)
    {
        await using var connection = await ConnectAsync();
        await connection.SendAsync(request);
        return await connection.ReadToEndAsync();
    }

    /// <summary>Stops the server; the client stays.</summary>
    public Task StopAsync() => _app.StopAsync();

    /// <summary>Everything is closed, and every buffer is back.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await RawClient.UntilAsync(() => Connections.Open == 0, "every connection is closed");
        // While the loops run, for what is on the link when they stop belongs to neither; a loop takes back what it has sent when it wakes.
        await RawClient.UntilAsync(
            () =>
            {
                Client.Post(static _ => { }, null);
                _server.Post(static _ => { }, null);
                return _serverPool.InUse == 0 && _clientPool.InUse == 0;
            },
            "every buffer is back");
        await Client.DisposeAsync();
        await _server.DisposeAsync();
        Assert.Null(Client.Failure);
        Assert.Null(_server.Failure);
    }

    private static NetworkLoop Start(MemoryDevice device, BufferPool pool, byte number)
    {
        var loop = new NetworkLoop(new NetworkLoopOptions
        {
            Attachments = [new(device, new InterfaceOptions { Mac = new(0x0200_0000_0000UL | number), Mtu = 1500, Addresses = [new(Ipv4Address.From(10, 0, 0, number), 24)] })],
            Pool = pool,
        });
        loop.Start();
        return loop;
    }
}

/// <summary>What a raw client does to a connection.</summary>
internal static class RawClient
{
    public static async Task SendAsync(this TcpConnection connection, string text) => await connection.Output.WriteAsync(Encoding.Latin1.GetBytes(text));

    public static async Task SendAsync(this TcpConnection connection, ReadOnlyMemory<byte> octets) => await connection.Output.WriteAsync(octets);

    /// <summary>Everything until the peer's end.</summary>
    public static async Task<string> ReadToEndAsync(this TcpConnection connection)
    {
        var text = new StringBuilder();
        while (true)
        {
            var read = await connection.Input.ReadAsync().AsTask().WaitAsync(ServedSite.Limit);
            text.Append(Encoding.Latin1.GetString(read.Buffer));
            connection.Input.AdvanceTo(read.Buffer.End);
            if (!read.IsCompleted) continue;
            // Its end is also ours: whoever waits for it now sees both.
            connection.Output.Complete();
            return text.ToString();
        }
    }

    /// <summary>Reads until what has come contains <paramref name="wanted"/>.</summary>
    public static async Task<string> ReadUntilAsync(this TcpConnection connection, string wanted)
    {
        var text = new StringBuilder();
        while (!text.ToString().Contains(wanted, StringComparison.Ordinal))
        {
            var read = await connection.Input.ReadAsync().AsTask().WaitAsync(ServedSite.Limit);
            text.Append(Encoding.Latin1.GetString(read.Buffer));
            connection.Input.AdvanceTo(read.Buffer.End);
            Assert.False(read.IsCompleted && !text.ToString().Contains(wanted, StringComparison.Ordinal), $"the server ended after: {text}");
        }

        return text.ToString();
    }

    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        using var limit = new CancellationTokenSource(ServedSite.Limit);
        while (!condition())
        {
            Assert.False(limit.IsCancellationRequested, "waited in vain until " + what);
            await Task.Delay(1);
        }
    }
}

/// <summary>Keeps the server's warnings and worse.</summary>
internal sealed class WarningLog : ILoggerProvider, ILogger
{
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines) return [.. _lines];
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel)) return;
        lock (_lines) _lines.Add($"{logLevel}: {formatter(state, exception)} {exception}");
    }

    public void Dispose()
    {
    }
}

/// <summary>A clock that moves when the test says so, and runs its timers then.</summary>
internal sealed class ManualClock : TimeProvider
{
    private readonly object _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private long _now;

    public bool HasTimerDue
    {
        get
        {
            lock (_gate) return _timers.Any(t => t.Due != long.MaxValue);
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _now);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        lock (_gate) _timers.Add(timer);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        List<ManualTimer> due;
        lock (_gate)
        {
            _now += by.Ticks;
            due = [.. _timers.Where(t => t.Due <= _now)];
        }

        foreach (var timer in due) timer.Fire();
    }

    private sealed class ManualTimer(ManualClock clock, TimerCallback callback, object? state) : ITimer
    {
        public long Due { get; private set; } = long.MaxValue;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Due = dueTime == Timeout.InfiniteTimeSpan ? long.MaxValue : clock.GetTimestamp() + dueTime.Ticks;
            return true;
        }

        public void Fire()
        {
            Due = long.MaxValue;
            callback(state);
        }

        public void Dispose()
        {
            lock (clock._gate) clock._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
