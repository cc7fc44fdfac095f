using System.Diagnostics;
using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Morgana.Bench;

/// <summary>10 MB over a link that loses frames at random, both ways. Waiting for timers counts, though it is not waited for.</summary>
internal sealed class Loss(string name, double probability) : Benchmark
{
    private const int Octets = 10 << 20;

    public override string Name => name;

    public override string Unit => "Mbit/s";

    public override Comparison Comparison => Comparison.None;

    public override double Sample(TimeSpan duration)
    {
        var options = new TcpConnectionOptions { Timestamps = false };
        var hosts = new TwoHosts(probability);
        var (sender, receiver) = hosts.Connect(hosts.Listen(80, options), options);
        var start = hosts.Now();
        int sent = 0, received = 0;
        while (received < Octets)
        {
            var now = hosts.Now();
            while (sent < Octets && sender.SendRoom is > 0 and var room)
            {
                int offset = sent % Pattern.Length;
                int written = sender.Write(Pattern.Bytes.AsSpan(offset, Math.Min(Math.Min(room, Octets - sent), Pattern.Length - offset)), now);
                if (written == 0) break;
                sent += written;
            }

            bool moved = hosts.Step(now);
            TwoHosts.Drain(hosts.Client);
            TwoHosts.Drain(hosts.Server);
            if (receiver.ReceivedLength > 0)
            {
                BlockChain chain = default;
                receiver.TakeReceived(ref chain);
                int count = chain.Length;
                Pattern.Check(ref chain, received);
                received += count;
                receiver.Consumed(count, now);
            }
            else if (!moved)
            {
                hosts.SkipToNextTimeout();
            }
        }

        var elapsed = hosts.Now() - start;
        Note = $"{hosts.Client.FramesSent - (Octets / 1460)} frames more than without loss";
        return Octets * 8 / elapsed.TotalMicroseconds;
    }
}
