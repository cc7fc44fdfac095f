using BenchmarkDotNet.Attributes;
using Morgana.Core;
using Morgana.Wire.Ethernet;
using Morgana.Wire.Ip;
using Morgana.Wire.Tcp;

namespace Morgana.Bench.Micro;

/// <summary>Ethernet, IPv4 and TCP headers of one segment, read with every check, and written with checksums.</summary>
public class Headers
{
    private readonly byte[] _frame = new byte[14 + 20 + 20 + 1460];

    [GlobalSetup]
    public void Setup() => Write();

    [Benchmark]
    public int Parse()
    {
        if (EthernetFrame.Parse(_frame, out var ethernet) != DropReason.None || ethernet.EtherType != EtherType.Ipv4) return 0;
        if (Ipv4Packet.Parse(ethernet.Payload, out var ip) != DropReason.None || !ip.IsChecksumRight) return 0;
        return TcpSegment.Parse(ip.Payload, out var tcp) == DropReason.None ? tcp.SourcePort + (int)tcp.Sequence.Value + tcp.Window : 0;
    }

    [Benchmark]
    public void Write()
    {
        var frame = _frame.AsSpan();
        new EthernetHeader(new(0x0200_0000_0002), new(0x0200_0000_0001), EtherType.Ipv4).WriteTo(frame);
        new Ipv4Header(Ipv4Address.From(10, 0, 0, 1), Ipv4Address.From(10, 0, 0, 2), IpProtocol.Tcp) { DontFragment = true }.WriteTo(frame[14..], 1480);
        var header = frame.Slice(34, 20);
        new TcpHeader(1000, 80, new(1), new(2), TcpFlags.Ack, 1000).WriteTo(header);
        TcpHeader.WriteChecksum(header, 12345);
    }
}
