using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Morgana.Bench;

/// <summary>What 10,000 open connections on which nothing moves cost, both ends together: managed heap and pool blocks.</summary>
internal sealed class IdleMemory : Benchmark
{
    private const int Connections = 10_000;

    public override string Name => "idle-memory";

    public override string Unit => "B";

    public override Comparison Comparison => Comparison.None;

    public override Sample Measure(TimeSpan duration)
    {
        var options = new TcpConnectionOptions();
        var hosts = new TwoHosts(poolOctets: 16 << 20);
        var listener = hosts.Listen(80, options, backlog: 2048);
        var held = new List<TcpControlBlock>(2 * Connections);
        Connect(hosts, listener, options, held, 16);            // Tables and pools begin to exist.
        long heap = GC.GetTotalMemory(forceFullCollection: true);
        int blocks = hosts.Pool.InUse;
        Connect(hosts, listener, options, held, Connections);
        double perConnection = (GC.GetTotalMemory(forceFullCollection: true) - heap) / (double)Connections;
        double pool = (hosts.Pool.InUse - blocks) * (double)PoolBlock.Size / Connections;
        GC.KeepAlive(held);
        return new(perConnection + pool, null, $"of both ends: {perConnection:F0} B of heap and {pool:F0} B of pool");
    }

    private static void Connect(TwoHosts hosts, TcpListenSocket listener, TcpConnectionOptions options, List<TcpControlBlock> held, int count)
    {
        for (int i = 0; i < count; i++)
        {
            var (client, server) = hosts.Connect(listener, options);
            client.Owner = server.Owner = hosts;
            held.Add(client);
            held.Add(server);
        }

        // What is left to be acknowledged or freed is done now.
        for (int i = 0; i < 100; i++) hosts.Step(hosts.Now());
    }
}
