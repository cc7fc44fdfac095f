using Morgana.Core;
using Morgana.Protocols.Tcp;
using Morgana.SystemNative;

namespace SocketStress;

/// <summary>What the sockets of this process hold.</summary>
/// <param name="Descriptors">Numbers that are open.</param>
/// <param name="Connections">Of TCP's; those in TIME-WAIT, which RFC 9293 wants, hold nothing.</param>
/// <param name="Datagrams">UDP endpoints.</param>
/// <param name="Blocks">Of the network's memory, in queues; those that the loop keeps ready for writers not counted.</param>
internal sealed record Left(int Descriptors, int Connections, int Datagrams, int Blocks)
{
    public static Left Now()
    {
        using var turn = HostNetwork.Loop.TakeTurn();
        var tcp = turn.Stack.Tcp.Statistics;
        int connections = 0;
        foreach (var state in Enum.GetValues<TcpState>())
            if (state is not (TcpState.Closed or TcpState.TimeWait)) connections += tcp[state];
        var statistics = turn.Stack.Statistics;
        return new(Morgana.SystemNative.Descriptors.Count, connections, statistics.UdpEndpoints, statistics.BlocksInUse);
    }

    /// <summary>How many connections are in which state, and what was dropped by then.</summary>
    public static string States()
    {
        using var turn = HostNetwork.Loop.TakeTurn();
        var tcp = turn.Stack.Tcp.Statistics;
        var counters = turn.Stack.Drops;
        var drops = Enum.GetValues<DropReason>().Where(r => counters[r] > 0).Select(r => $"{counters[r]} {r}");
        return $"{string.Join(", ", Enum.GetValues<TcpState>().Where(s => tcp[s] > 0).Select(s => $"{tcp[s]} {s}"))}; dropped: {string.Join(", ", drops)}";
    }

    /// <summary>The same once it is as it should be: finalizers run behind the collector, and an end may wait for a timer. At last it is as it is.</summary>
    public static Left Once(Func<Left, bool> isRight)
    {
        CollectUntil(() => isRight(Now()));
        return Now();
    }

    /// <summary>Collects and lets finalizers run until something has come of it, for at most a minute.</summary>
    public static void CollectUntil(Func<bool> hasCome)
    {
        for (long end = Environment.TickCount64 + 60_000; !hasCome() && Environment.TickCount64 < end;)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
