using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Morgana.Bench;

/// <summary>
/// What gets through 100 Mbit/s at a round trip of 20 ms in 30 s when frames are lost at random, both ways: how well losses are repaired.
/// Virtual time: it does not depend on the machine. Each sample is another series of losses.
/// </summary>
internal sealed class Loss(string name, double probability) : Benchmark
{
    private const double BitsPerSecond = 100e6;
    private const int Mss = 1460;

    private static readonly TimeSpan s_roundTrip = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_duration = TimeSpan.FromSeconds(30);

    private int _seed;

    public override string Name => name;

    public override string Unit => "Mbit/s";

    public override Comparison Comparison => Comparison.None;

    /// <summary>What a link without loss can carry, in Mbit/s.</summary>
    private static double Capacity => BitsPerSecond * Mss / (Mss + 54 + DistantHosts.FramingOctets) / 1e6;

    /// <summary>What Reno is expected to reach (Mathis et al. 1997, equation 3, acknowledgements of every second segment), in Mbit/s.</summary>
    private double RenoEstimate => Math.Min(Capacity, Mss * 8 / s_roundTrip.TotalSeconds * Math.Sqrt(3 / (4 * probability)) / 1e6);

    public override Sample Measure(TimeSpan duration)
    {
        // Without timestamps, which take 12 octets of each segment.
        var options = new TcpConnectionOptions { Timestamps = false, SendBuffer = 1 << 20, ReceiveBuffer = 1 << 20 };
        var hosts = new DistantHosts(BitsPerSecond, s_roundTrip, probability, ++_seed);
        var (sender, receiver) = hosts.Connect(hosts.Listen(80, options), options);
        var end = hosts.Now() + s_duration;
        long sent = 0, received = 0;
        while (hosts.Now() < end)
        {
            var now = hosts.Now();
            sent += Write(sender, sent, now);
            bool moved = hosts.Step(now);
            TwoHosts.Drain(hosts.Client);
            TwoHosts.Drain(hosts.Server);
            received += Read(receiver, received, now);
            if (!moved) hosts.SkipToNextTimeout();
        }

        var statistics = hosts.Client.Stack.Tcp.Statistics;
        double goodput = received * 8 / s_duration.TotalSeconds / 1e6;
        return new(goodput, null, $"{goodput / Capacity:P0} of the link, {goodput / RenoEstimate:F2} x Reno's estimate; {hosts.Lost} lost, {hosts.Overflowed} overflowed, "
            + $"{statistics.Retransmissions} sent again, {statistics.RetransmissionTimeouts} timeouts");
    }

    private static int Write(TcpControlBlock sender, long sent, Instant now)
    {
        int written = 0;
        while (sender.SendRoom is > 0 and var room)
        {
            int offset = (int)((sent + written) % Pattern.Length);
            int n = sender.Write(Pattern.Bytes.AsSpan(offset, Math.Min(room, Pattern.Length - offset)), now);
            if (n == 0) break;
            written += n;
        }

        return written;
    }

    private static int Read(TcpControlBlock receiver, long received, Instant now)
    {
        if (receiver.ReceivedLength == 0) return 0;
        BlockChain chain = default;
        receiver.TakeReceived(ref chain);
        int count = chain.Length;
        Pattern.Check(ref chain, received);
        receiver.Consumed(count, now);
        return count;
    }
}
