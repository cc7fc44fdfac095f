using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Courier;

/// <summary>Sends letters with numbers. One that was not confirmed is sent again.</summary>
internal sealed class Sender(Broker broker, ILogger<Sender> log) : BackgroundService
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    protected override async Task ExecuteAsync(CancellationToken stop)
    {
        await using var channel = await broker.OpenAsync(stop);
        for (int number = 1; !stop.IsCancellationRequested; await Task.Delay(s_pause, stop))
        {
            try
            {
                var properties = new BasicProperties { Persistent = true };
                await channel.BasicPublishAsync("", Broker.Queue, mandatory: true, properties, Encoding.UTF8.GetBytes($"letter {number}"), stop);
                number++;
            }
            catch (Exception e) when (e is AlreadyClosedException or OperationInterruptedException or PublishException or IOException)
            {
                log.LogWarning("Letter {Number} is sent again: {Reason}", number, e.GetType().Name);
            }
        }
    }
}
