using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Courier;

/// <summary>The connection to RabbitMQ, which comes back by itself, with its channels and consumers, after the broker was away.</summary>
internal sealed class Broker(IConfiguration configuration, ILogger<Broker> log) : IAsyncDisposable
{
    public const string Queue = "letters";
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);
    private readonly SemaphoreSlim _gate = new(1, 1);
    private IConnection? _connection;

    /// <summary>A channel on which the queue is there. Waits for the broker as long as it takes.</summary>
    public async Task<IChannel> OpenAsync(CancellationToken stop)
    {
        // What is published is confirmed: the broker has it on its disk.
        var options = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        var channel = await (await ConnectAsync(stop)).CreateChannelAsync(options, stop);
        await channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false, cancellationToken: stop);
        return channel;
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) await _connection.DisposeAsync();
        _gate.Dispose();
    }

    private async Task<IConnection> ConnectAsync(CancellationToken stop)
    {
        await _gate.WaitAsync(stop);
        try
        {
            var factory = new ConnectionFactory { Uri = new Uri(configuration.GetConnectionString("Broker")!), NetworkRecoveryInterval = s_pause };
            while (_connection is null)
            {
                try
                {
                    _connection = await factory.CreateConnectionAsync(stop);
                }
                catch (BrokerUnreachableException e)
                {
                    log.LogWarning("The broker cannot be reached: {Reason}", e.InnerException?.Message ?? e.Message);
                    await Task.Delay(s_pause, stop);
                }
            }

            return _connection;
        }
        finally
        {
            _gate.Release();
        }
    }
}
