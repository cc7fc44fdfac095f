namespace Morgana.Bench;

/// <summary>One stream between two applications, as they see it: <see cref="Stream"/>s, tasks, and two loops on threads of their own.</summary>
internal sealed class AsyncBulk : Benchmark
{
    private readonly TwoLoops _loops = new();

    public override string Name => "async-bulk";

    public override string Unit => "Gbit/s";

    public override Comparison Comparison => Comparison.Bits;

    public override Sample Measure(TimeSpan duration) => Streams.BulkAsync(_loops.Client, _loops.Server, duration).GetAwaiter().GetResult();
}

/// <summary>64 octets there and back between two applications.</summary>
internal sealed class AsyncPingPong : Benchmark
{
    private readonly TwoLoops _loops = new();

    public AsyncPingPong() => _ = Streams.EchoAsync(_loops.Server);

    public override string Name => "async-ping-pong";

    public override string Unit => "1/s";

    public override Sample Measure(TimeSpan duration) => Streams.PingPongAsync(_loops.Client, duration).GetAwaiter().GetResult();
}
