using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Morgana.Bench;

/// <summary>Connections that are opened, accepted, and closed by both sides: three segments, and four.</summary>
internal sealed class ConnectClose : Benchmark
{
    private const int Batch = 32;

    private static readonly TcpConnectionOptions s_options = new();

    private readonly TwoHosts _hosts = new(tcp: new TcpStackOptions { MaximumTimeWait = 1024 });
    private readonly TcpListenSocket _listener;
    private long _closed;

    public ConnectClose()
    {
        _listener = _hosts.Listen(80, s_options);
        Run(TimeSpan.FromMilliseconds(50));
    }

    public override string Name => "connect-close";

    public override string Unit => "1/s";

    public override Sample Measure(TimeSpan duration)
    {
        long before = _closed;
        return Run(duration).Operations(_closed - before, "connection");
    }

    private Reading Run(TimeSpan duration)
    {
        var meter = Meter.Start();
        do
        {
            int open = 0;
            while (open < Batch)
            {
                _hosts.BeginConnect(80, s_options);
                open++;
            }

            while (open > 0)
            {
                var now = _hosts.Now();
                bool moved = _hosts.Step(now);
                open -= Serve(now);
                Answer(now);
                if (!moved && open > 0 && !_hosts.Client.Stack.Tcp.HasOutput && !_hosts.Server.Stack.Tcp.HasOutput) _hosts.SkipToNextTimeout();
            }
        }
        while (!meter.IsOver(duration));
        return meter.Stop();
    }

    /// <summary>The client closes what has been opened.</summary>
    private void Answer(Instant now)
    {
        var tcp = _hosts.Client.Stack.Tcp;
        while (tcp.TryTakeReady(out var tcb))
            if ((tcb!.TakeEvents() & TcpEvents.Connected) != 0) tcb.Close(now);
    }

    /// <summary>The server accepts, and closes when its peer has.</summary>
    private int Serve(Instant now)
    {
        int closed = 0;
        var tcp = _hosts.Server.Stack.Tcp;
        while (tcp.TryTakeReadyListener(out _))
            while (_listener.TryAccept(out var accepted)) accepted!.Owner = this;
        while (tcp.TryTakeReady(out var tcb))
        {
            if ((tcb!.TakeEvents() & TcpEvents.EndOfStream) == 0) continue;
            tcb.Close(now);
            closed++;
            _closed++;
        }

        return closed;
    }
}
