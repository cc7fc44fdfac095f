using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Morgana.Protocols.Tests.Tcp;

/// <summary>The heap is the whole process's: who measures it runs alone.</summary>
[CollectionDefinition(nameof(SteadyStateTests), DisableParallelization = true)]
public class SteadyStateCollection;

[Collection(nameof(SteadyStateTests))]
public class SteadyStateTests
{
    [Fact]
    public void Nothing_is_allocated_per_segment_in_steady_state()
    {
        var (hosts, client, server) = Connected();
        byte[] data = new byte[65536], into = new byte[65536];
        for (int i = 0; i < 50; i++) Exchange(hosts, client, server, data, into);
        long before = GC.GetAllocatedBytesForCurrentThread(), segments = hosts.A.Statistics.SegmentsSent;
        long received = 0;
        for (int i = 0; i < 200; i++) received += Exchange(hosts, client, server, data, into);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(received > 1_000_000);
        Assert.True(hosts.A.Statistics.SegmentsSent - segments > 1000);
        // The runtime counts a quantum of 8 KB too many now and then; an object for each segment would be 24 KB.
        Assert.InRange(allocated, 0, 16384);
    }

    [Fact]
    public void An_idle_connection_takes_less_than_4_KB_for_both_ends_and_no_buffers()
    {
        var hosts = new TwoHosts { Checker = null };
        var listener = hosts.Listen(80, new() { Backlog = 3000, SynBacklog = 3000 });
        for (int i = 0; i < 100; i++) hosts.Connect();
        hosts.Run(TimeSpan.FromSeconds(1));
        GC.Collect();
        long before = GC.GetTotalMemory(true);
        for (int i = 0; i < 2000; i++) hosts.Connect();
        hosts.Run(TimeSpan.FromSeconds(1));
        long each = (GC.GetTotalMemory(true) - before) / 2000;
        Assert.Equal(2100, listener.AcceptableCount);
        Assert.Equal(0, hosts.Pool.InUse);
        Assert.True(each < 4096, $"{each} octets for each connection");
        GC.KeepAlive(hosts);
    }

    [Fact]
    public void Ten_thousand_connections_in_a_row_leave_nothing_but_a_bounded_TIME_WAIT()
    {
        var hosts = new TwoHosts(options: new() { MaximumTimeWait = 100 }) { Latency = TimeSpan.Zero, Checker = null };
        var listener = hosts.Listen();
        for (int i = 0; i < 10_000; i++)
        {
            var client = hosts.Connect();
            TcpControlBlock? server = null;
            Assert.True(hosts.RunUntil(() => listener.TryAccept(out server)));
            client.Close(hosts.Now);
            Assert.True(hosts.RunUntil(() => server!.IsEndOfStream));
            server!.Close(hosts.Now);
            Assert.True(hosts.RunUntil(() => hosts.IsQuiet));
        }

        Assert.Equal(100, hosts.A.Statistics.Connections);
        Assert.Equal(0, hosts.B.Statistics.Connections);
        Assert.Equal(9_900, hosts.A.Statistics.TimeWaitRecycled);
        hosts.Run(TimeSpan.FromMinutes(2));
        Assert.Equal(0, hosts.A.Statistics.Connections);
        Assert.Equal(0, hosts.Pool.InUse);
    }

    private static (TwoHosts Hosts, TcpControlBlock Client, TcpControlBlock Server) Connected()
    {
        var hosts = new TwoHosts { Latency = TimeSpan.Zero, Checker = null };
        var (client, server) = hosts.Establish();
        return (hosts, client, server);
    }

    private static int Exchange(TwoHosts hosts, TcpControlBlock client, TcpControlBlock server, byte[] data, byte[] into)
    {
        client.Write(data, hosts.Now);
        int read = 0;
        for (int i = 0; i < 200; i++)
        {
            hosts.Step();
            read += server.Read(into, hosts.Now);
            server.TakeEvents();
            client.TakeEvents();
            while (hosts.A.TryTakeReady(out _)) { }
            while (hosts.B.TryTakeReady(out _)) { }
        }

        return read;
    }
}
