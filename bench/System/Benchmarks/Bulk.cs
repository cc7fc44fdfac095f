using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Morgana.Bench;

/// <summary>One stream from client to server, compared octet by octet as it arrives.</summary>
internal sealed class Bulk : Benchmark
{
    private readonly TwoHosts _hosts;
    private readonly TcpControlBlock _sender;
    private readonly TcpControlBlock _receiver;
    private long _sent;
    private long _received;

    public Bulk(string name, int mtu)
    {
        Name = name;
        _hosts = new(mtu: mtu);
        // Without timestamps, which would take 12 octets of each segment: the anchors are measured with an MSS of 1,460 whole.
        var options = new TcpConnectionOptions { Timestamps = false };
        (_sender, _receiver) = _hosts.Connect(_hosts.Listen(80, options), options);
        Transfer(TimeSpan.FromMilliseconds(50));            // The congestion window opens, the pool is touched.
    }

    public override string Name { get; }

    public override string Unit => "Gbit/s";

    public override Comparison Comparison => Comparison.Bits;

    public override Sample Measure(TimeSpan duration)
    {
        long octets = _received, frames = _hosts.Client.FramesSent;
        var reading = Transfer(duration);
        return reading.Bits(_received - octets, _hosts.Client.FramesSent - frames, "segment");
    }

    private Reading Transfer(TimeSpan duration)
    {
        var meter = Meter.Start();
        do
        {
            var now = _hosts.Now();
            Write(now);
            bool moved = _hosts.Step(now);
            TwoHosts.Drain(_hosts.Client);
            TwoHosts.Drain(_hosts.Server);
            moved |= Read(now);
            if (!moved && _sender.SendRoom == 0) _hosts.SkipToNextTimeout();
        }
        while (!meter.IsOver(duration));
        return meter.Stop();
    }

    private void Write(Instant now)
    {
        while (_sender.SendRoom is > 0 and var room)
        {
            int offset = (int)(_sent % Pattern.Length);
            int written = _sender.Write(Pattern.Bytes.AsSpan(offset, Math.Min(room, Pattern.Length - offset)), now);
            if (written == 0) return;
            _sent += written;
        }
    }

    private bool Read(Instant now)
    {
        if (_receiver.ReceivedLength == 0) return false;
        BlockChain chain = default;
        _receiver.TakeReceived(ref chain);
        int count = chain.Length;
        Pattern.Check(ref chain, _received);
        _received += count;
        _receiver.Consumed(count, now);
        return true;
    }
}
