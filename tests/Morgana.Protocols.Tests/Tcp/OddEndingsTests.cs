using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Morgana.Protocols.Tests.Tcp;

public class OddEndingsTests
{
    [Fact]
    public void However_a_connection_ends_nothing_is_left()
    {
        for (int seed = 0; seed < 300; seed++) Walk(seed);
    }

    // A random walk: both applications write, read, shut down, close and abort when they like, over a wire that loses and damages.
    private static void Walk(int seed)
    {
        var random = new Random(seed);
        var hosts = new TwoHosts(seed, memory: 1 << 20) { Faults = new(0.1, 0.05, 0.1, 0.02) };
        var options = new TcpConnectionOptions { ReceiveBuffer = 4000, SendBuffer = 4000, NoDelay = seed % 2 == 0, Timestamps = seed % 3 != 0, SelectiveAcknowledgments = seed % 5 != 0 };
        var listener = hosts.Listen(80, new() { Connection = options });
        TcpControlBlock? client = hosts.Connect(80, options), server = null;
        for (int step = 0; step < random.Next(20, 400); step++)
        {
            if (server is null && listener.TryAccept(out var accepted)) server = accepted;
            Act(ref client, random, hosts.Now);
            Act(ref server, random, hosts.Now);
            if (client is not null) Invariants.Check(client, server);
            AssertTold(client, seed);
            AssertTold(server, seed);
            hosts.Step();
        }

        client?.Close(hosts.Now);
        server?.Close(hosts.Now);
        hosts.Faults = new();
        for (int i = 0; i < 3; i++)
        {
            // Whatever was established meanwhile is closed too.
            while (listener.TryAccept(out var late)) late.Close(hosts.Now);
            hosts.Run(TimeSpan.FromHours(1));
        }

        Assert.True(hosts.A.Statistics.Connections == 0 && hosts.B.Statistics.Connections == 0, $"seed {seed}: a connection was left");
        Assert.True(hosts.A.NextTimeout == Instant.Never && hosts.B.NextTimeout == Instant.Never, $"seed {seed}: a timer was left");
        Assert.True(hosts.Pool.InUse == 0, $"seed {seed}: {hosts.Pool.InUse} blocks were left");
        foreach (var state in Enum.GetValues<TcpState>()) Assert.True(hosts.A.Statistics[state] == 0 && hosts.B.Statistics[state] == 0, $"seed {seed}: the count of {state} is off");
    }

    // Whoever has a connection that is over is told, until it has heard so.
    private static void AssertTold(TcpControlBlock? tcb, int seed) =>
        Assert.True(tcb is null || tcb.State != TcpState.Closed || tcb.HasEvents, $"seed {seed}: a connection ended, and nobody was told");

    private static void Act(ref TcpControlBlock? tcb, Random random, Instant now)
    {
        if (tcb is null) return;
        switch (random.Next(60))
        {
            case < 15:
                tcb.Write(new byte[random.Next(1, 3000)], now);
                break;
            case < 30:
                tcb.Read(new byte[random.Next(1, 3000)], now);
                break;
            case < 34:
                BlockChain taken = default;
                tcb.TakeReceived(ref taken);
                int length = taken.Length;
                taken.Clear();
                tcb.Consumed(length, now);
                break;
            case 34:
                tcb.Shutdown(now);
                break;
            case 35:
                tcb.Close(now);
                tcb = null;
                break;
            case 36:
                tcb.Abort(now);
                tcb = null;
                break;
            default:
                if ((tcb.TakeEvents() & TcpEvents.Closed) == 0) break;
                tcb.Owner = null;
                tcb = null;
                break;
        }
    }
}
