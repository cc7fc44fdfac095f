using System.Runtime.CompilerServices;
using Morgana.Core;
using Morgana.Protocols.Ip;
using Morgana.Wire.Arp;
using Morgana.Wire.Ethernet;
using Morgana.Wire.Ip;

namespace Morgana.Network;

// What a device is given, and what the host sends to itself.
public sealed partial class NetworkStack
{
    /// <summary>The MTU of the way from the host to itself.</summary>
    private const int LoopbackMtu = 16384;

    private (PacketBuffer? Packet, int Link)[]? _loopback;
    private int _loopbackHead;
    private int _loopbackCount;
    private long _tcpOut;
    private long _loopbackPackets;
    private long _loopbackOctets;

    /// <summary>Fills in frames for the device of <paramref name="interface_"/>: ARP first, then what waits, then what TCP has to send.</summary>
    /// <returns>How many. The caller owns them now. Call until 0.</returns>
    public int Transmit(NetworkInterface interface_, Span<PacketBuffer> frames, Instant now)
    {
        _now = now;
        DeliverLoopback(now);
        int n = TransmitArp(interface_, frames);
        n += TransmitIgmp(interface_, frames[n..], now);
        n += interface_.Dequeue(frames[n..]);
        n += TransmitTcp(interface_, frames[n..], now);
        n += interface_.Dequeue(frames[n..]);
        // The first segment to a neighbour asks for its address: that question goes out now, not when the next timer is due.
        n += TransmitArp(interface_, frames[n..]);
        long octets = 0;
        for (int i = 0; i < n; i++)
        {
            octets += frames[i].Length;
            _trace.Record(now, TraceKind.FrameSent, (uint)interface_.Index, (ulong)frames[i].Length);
        }

        interface_.FramesOut += n;
        interface_.OctetsOut += octets;
        return n;
    }

    private int TransmitArp(NetworkInterface interface_, Span<PacketBuffer> frames)
    {
        int n = 0;
        while (n < frames.Length && interface_.Neighbours.OutputCount > 0)
        {
            if (!_pool.TryRentPacket(PacketBuffer.Headroom, out var frame)) break;
            interface_.Neighbours.TryTransmit(out var packet, out var to);
            packet.WriteTo(frame.Append(ArpPacket.Size));
            PushEthernet(interface_, to, EtherType.Arp, frame);
            frames[n++] = frame;
        }

        return n;
    }

    // TCP is asked only while there is room: what cannot go out yet stays in its send queues.
    private int TransmitTcp(NetworkInterface interface_, Span<PacketBuffer> frames, Instant now)
    {
        int n = 0;
        // What goes elsewhere takes no room here, so that steps are counted too.
        for (int steps = frames.Length == 0 ? 0 : frames.Length + 256; n + interface_.QueuedFrames < frames.Length && steps > 0 && Tcp.HasOutput; steps--)
        {
            if (!_pool.TryRentPacket(PacketBuffer.Headroom, out var packet)) break;
            if (!Tcp.TryTransmit(packet, now, out var source, out var destination))
            {
                packet.Release();
                break;
            }

            _tcpOut++;
            // RFC 1191: DF on all of TCP's packets.
            var route = new IpRoute(source, destination, IpProtocol.Tcp) { DontFragment = true };
            ref readonly Flow flow = ref FindFlow(destination.Ipv4, now);
            if (!Unsafe.IsNullRef(in flow) && flow.Interface == interface_ && packet.Length + Ipv4Header.Size <= flow.Mtu)
            {
                PushIp(route, packet);
                PushEthernet(interface_, flow.Mac, EtherType.Ipv4, packet);
                frames[n++] = packet;
                continue;
            }

            SendIp(route, packet, now);
            if (_loopbackCount >= _loopback?.Length / 2) DeliverLoopback(now);
        }

        return n;
    }

    // By the link of the host to itself, unless it is the copy of what went out by another.
    private DropReason SendToSelf(in IpRoute route, PacketBuffer payload, int link = LoopbackLink)
    {
        if (payload.Length + Ipv4Header.Size > 65535) return Drop(DropReason.TooBig, payload);
        _loopback ??= new (PacketBuffer?, int)[_options.LoopbackQueueLimit];
        if (_loopbackCount == _loopback.Length) return Drop(DropReason.QueueFull, payload);
        PushIp(route, payload);
        if (link == LoopbackLink) (_loopbackPackets, _loopbackOctets) = (_loopbackPackets + 1, _loopbackOctets + payload.Length);
        // It never leaves our memory, where nothing can damage it.
        payload.Offload = new() { ChecksumVerified = true };
        _loopback[(_loopbackHead + _loopbackCount++) % _loopback.Length] = (payload, link);
        return DropReason.None;
    }

    // As many as wait now: what they cause waits for the next call, so that a host which talks to itself starves nobody.
    private void DeliverLoopback(Instant now)
    {
        for (int left = _loopbackCount; left > 0; left--)
        {
            var (packet, link) = _loopback![_loopbackHead];
            _loopback[_loopbackHead] = default;
            _loopbackHead = (_loopbackHead + 1) % _loopback.Length;
            _loopbackCount--;
            HandleIpv4(new(null, false, link), packet!, now);
        }
    }
}
