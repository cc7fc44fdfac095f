using Morgana.Core;
using Morgana.Protocols.Udp;

namespace Morgana.Bench;

/// <summary>Datagrams of 64 octets, one way.</summary>
internal sealed class UdpDatagrams : Benchmark
{
    private readonly TwoHosts _hosts = new();
    private readonly UdpEndpoint _sender;
    private readonly UdpEndpoint _receiver;
    private readonly byte[] _payload = Pattern.Bytes.AsSpan(0, 64).ToArray();

    public UdpDatagrams()
    {
        if (_hosts.Client.Stack.Udp.TryBind(new IpEndpoint(_hosts.Client.Address, 1000), UdpBindOptions.Default, out var sender) != UdpBindError.None) throw new InvalidOperationException();
        if (_hosts.Server.Stack.Udp.TryBind(new IpEndpoint(_hosts.Server.Address, 2000), UdpBindOptions.Default, out var receiver) != UdpBindError.None) throw new InvalidOperationException();
        (_sender, _receiver) = (sender!, receiver!);
        Run(TimeSpan.FromMilliseconds(20));
    }

    public override string Name => "udp";

    public override string Unit => "1/s";

    public override Sample Measure(TimeSpan duration)
    {
        var (count, reading) = Run(duration);
        return reading.Operations(count, "datagram");
    }

    private (long Count, Reading Reading) Run(TimeSpan duration)
    {
        var meter = Meter.Start();
        long count = 0;
        do
        {
            var now = _hosts.Now();
            for (int i = 0; i < 32; i++) _sender.Send(_payload, _receiver.Local, now);
            while (_hosts.Step(now))
            {
            }

            count += Receive();
        }
        while (!meter.IsOver(duration));
        return (count, meter.Stop());
    }

    private int Receive()
    {
        int count = 0;
        while (_receiver.TryReceive(out var payload, out _, out _))
        {
            if (!payload!.Span.SequenceEqual(_payload)) throw new InvalidOperationException("The datagram was changed on its way.");
            payload.Release();
            count++;
        }

        while (_hosts.Server.Stack.Udp.TryTakeReady(out _))
        {
        }

        return count;
    }
}
