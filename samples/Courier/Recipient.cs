using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Courier;

/// <summary>Takes letters, and acknowledges each: one that was not comes again.</summary>
internal sealed class Recipient(Broker broker, ILogger<Recipient> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stop)
    {
        await using var channel = await broker.OpenAsync(stop);
        await channel.BasicQosAsync(prefetchSize: 0, prefetchCount: 10, global: false, stop);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            log.LogInformation("{Letter} has come", Encoding.UTF8.GetString(delivery.Body.Span));
            if (channel.IsOpen) await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false);
        };
        await channel.BasicConsumeAsync(Broker.Queue, autoAck: false, consumer, stop);
        await Task.Delay(Timeout.Infinite, stop);
    }
}
