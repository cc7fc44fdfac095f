using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>RabbitMQ.Client, unchanged, in an image of an ordinary worker, against Debian's rabbitmq-server on the host.</summary>
public sealed class CourierTests
{
    private const int Interrupt = 2;

    // ./test does not install the broker, which brings all of Erlang.
    [RabbitMqFact, Trait("Category", "Long")]
    public async Task Every_letter_comes_although_the_broker_is_started_again()
    {
        string image = await Image.OfAsync("samples/Courier");
        using var broker = await RabbitMq.StartAsync();
        using var courier = MorganaCommand.Start(
            "run", image, "--publish", "0:80", "--allow-host", "--env", $"ConnectionStrings__Broker=amqp://guest:guest@10.0.2.2:{broker.Port}/");
        await courier.LineWithAsync("letter 20 has come");
        await broker.RestartAsync();
        await courier.LineWithAsync("letter 60 has come");
        courier.Signal(Interrupt);
        var (status, output, error) = await courier.EndAsync();
        Assert.True(status == 0, error);
        Assert.All(Enumerable.Range(1, 60), number => Assert.Contains($"letter {number} has come", output, StringComparison.Ordinal));
        // Whatever was on its way came to an end by the broker's: so it was sent again.
        Assert.Contains("is sent again", output, StringComparison.Ordinal);
    }
}
