using Morgana.Core;
using Xunit.Abstractions;
namespace Morgana.Sockets.Tests;
public sealed class Debug1(ITestOutputHelper o)
{
    [Fact] public async Task D()
    {
        await using var hosts = new TwoHosts();
        var w = System.Diagnostics.Stopwatch.StartNew();
        var (client, server) = await hosts.ConnectAsync(new TcpConnectOptions { ReceiveBuffer = 32 * 1024, SendBuffer = 32 * 1024 });
        o.WriteLine($"connect {w.ElapsedMilliseconds}");
        Dump(hosts.Client); Dump(hosts.Server);
        int acc = 0; var chunk = new byte[4096];
        Task<System.IO.Pipelines.FlushResult> flush;
        while ((flush = client.Output.WriteAsync(chunk).AsTask()).IsCompleted && acc < 1000) acc++;
        int read = 0;
        for (int i = 0; i < 100 && !flush.IsCompleted; i++)
        {
            var t = server.Input.ReadAsync().AsTask();
            if (await Task.WhenAny(t, Task.Delay(1000)) != t) { o.WriteLine($"stuck acc={acc} read={read}"); break; }
            var r = await t; read += (int)r.Buffer.Length; server.Input.AdvanceTo(r.Buffer.End);
        }
        Dump(hosts.Client); Dump(hosts.Server);
    }
    void Dump(NetworkLoop l)
    {
        var s = l.Snapshot();
        o.WriteLine(string.Join(" ", s.DropsByReason.Select((n, i) => (n, i)).Where(x => x.n > 0).Select(x => $"{(DropReason)x.i}={x.n}")) + " | " + s.Statistics + " | retx " + s.Statistics.Tcp.Retransmissions + " probes " + s.Statistics.Tcp.WindowProbes + " sent " + s.Statistics.Tcp.SegmentsSent + " rcvd " + s.Statistics.Tcp.SegmentsReceived+" octets "+s.Statistics.Tcp.OctetsSent+"/"+s.Statistics.Tcp.OctetsReceived);
    }
}
