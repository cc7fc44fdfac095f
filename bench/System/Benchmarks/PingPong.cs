using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Morgana.Bench;

/// <summary>64 octets there and back, one at a time.</summary>
internal sealed class PingPong : Benchmark
{
    private readonly TwoHosts _hosts = new();
    private readonly TcpControlBlock _client;
    private readonly TcpControlBlock _server;
    private readonly byte[] _message = Pattern.Bytes.AsSpan(0, 64).ToArray();
    private readonly byte[] _received = new byte[64];

    public PingPong()
    {
        var options = new TcpConnectionOptions { NoDelay = true };
        (_client, _server) = _hosts.Connect(_hosts.Listen(80, options), options);
        Run(TimeSpan.FromMilliseconds(20));
    }

    public override string Name => "ping-pong";

    public override string Unit => "1/s";

    public override Sample Measure(TimeSpan duration)
    {
        var (count, reading) = Run(duration);
        return reading.Operations(count, "round trip");
    }

    private (long Count, Reading Reading) Run(TimeSpan duration)
    {
        var meter = Meter.Start();
        long count = 0;
        do
        {
            for (int i = 0; i < 64; i++)
            {
                var now = _hosts.Now();
                Exchange(_client, _server, now);
                Exchange(_server, _client, now);
                count++;
            }
        }
        while (!meter.IsOver(duration));
        return (count, meter.Stop());
    }

    private void Exchange(TcpControlBlock from, TcpControlBlock to, Instant now)
    {
        from.Write(_message, now);
        while (to.ReceivedLength < _message.Length)
        {
            if (_hosts.Step(now)) continue;
            _hosts.SkipToNextTimeout();
            now = _hosts.Now();
        }

        TwoHosts.Drain(_hosts.Client);
        TwoHosts.Drain(_hosts.Server);
        to.Read(_received, now);
        if (!_received.AsSpan().SequenceEqual(_message)) throw new InvalidOperationException("The message was changed on its way.");
    }
}
