using System.Diagnostics.CodeAnalysis;
using Morgana.Core;
using Morgana.Wire.Arp;

namespace Morgana.Protocols.Arp;

// What comes in, what goes out, and the packets that wait.
public sealed partial class ArpCache
{
    private readonly (ArpPacket Packet, MacAddress To)[] _output = new (ArpPacket, MacAddress)[OutputLimit];
    private readonly List<Own> _own = [];
    private readonly Queue<(PacketBuffer Packet, MacAddress Mac)> _answered = new();
    private readonly Queue<PacketBuffer> _failed = new();

    private int _outputHead;
    private int _outputCount;
    private int _pendingOctets;

    private struct Own
    {
        public Ipv4Address Address;
        public int AnnouncementsLeft;
        public Instant NextAnnouncement;
        public Instant LastDefence;
    }

    /// <summary>How often another station claimed one of our addresses (RFC 5227 2.4).</summary>
    public long Conflicts { get; private set; }

    /// <summary>Packets that wait to be sent by <see cref="TryTransmit"/>.</summary>
    public int OutputCount => _outputCount;

    /// <summary>Makes an address ours, answers for it from now on, and announces it twice, two seconds apart (RFC 5227 2.3).</summary>
    public void AddAddress(Ipv4Address address, Instant now)
    {
        _own.Add(new() { Address = address, AnnouncementsLeft = 2, NextAnnouncement = now, LastDefence = now - _options.DefendInterval });
        HandleAnnouncements(now);
    }

    /// <summary>Handles a packet from the link.</summary>
    public DropReason HandlePacket(ReadOnlySpan<byte> bytes, Instant now)
    {
        var reason = ArpPacket.Parse(bytes, out var packet);
        if (reason != DropReason.None) return reason;
        // Nobody's hardware address is a group's, and ours comes back to us only from a loop in the link.
        if (packet.SenderMac.IsGroup || packet.SenderMac == default || packet.SenderIp.IsMulticast || packet.SenderIp == Ipv4Address.Broadcast) return DropReason.BadArp;
        if (packet.SenderMac == _mac) return DropReason.Duplicate;
        int own = FindOwn(packet.SenderIp);
        if (own >= 0) return Defend(own, now);

        // RFC 826, packet reception: "merge" what is known; then, if we are the target, learn it.
        bool isForUs = FindOwn(packet.TargetIp) >= 0;
        bool isRequest = packet.Operation == ArpOperation.Request;
        if (!packet.IsProbe) Merge(packet, isForUs && isRequest, now);
        if (isForUs && isRequest) Queue(new(ArpOperation.Reply, _mac, packet.TargetIp, packet.SenderMac, packet.SenderIp), packet.SenderMac);
        return DropReason.None;
    }

    /// <summary>The next ARP packet to send, and to whom.</summary>
    public bool TryTransmit(out ArpPacket packet, out MacAddress to)
    {
        if (_outputCount == 0)
        {
            (packet, to) = (default, default);
            return false;
        }

        (packet, to) = _output[_outputHead];
        _outputHead = (_outputHead + 1) % OutputLimit;
        _outputCount--;
        return true;
    }

    /// <summary>A packet whose neighbour has answered; the caller owns it now, and sends it there.</summary>
    public bool TryTakeAnswered([NotNullWhen(true)] out PacketBuffer? packet, out MacAddress mac)
    {
        bool any = _answered.TryDequeue(out var taken);
        (packet, mac) = any ? taken : (null, default);
        return any;
    }

    /// <summary>A packet whose neighbour did not answer; the caller owns it now, and tells whoever sent it.</summary>
    public bool TryTakeFailed([NotNullWhen(true)] out PacketBuffer? packet) => _failed.TryDequeue(out packet);

    private void Merge(in ArpPacket packet, bool mayLearn, Instant now)
    {
        int index = Find(packet.SenderIp);
        if (index < 0 && mayLearn) index = Insert(packet.SenderIp, now, isSolicited: false);
        if (index >= 0) Learn(index, packet.SenderMac, now);
    }

    // RFC 5227 2.4 (c): we keep the address and announce it, yet not more often than once in ten seconds, lest two of us never stop.
    private DropReason Defend(int own, Instant now)
    {
        Conflicts++;
        var address = _own[own];
        if (now - address.LastDefence >= _options.DefendInterval)
        {
            address.LastDefence = now;
            _own[own] = address;
            Queue(ArpPacket.Announcement(_mac, address.Address), MacAddress.Broadcast);
        }

        return DropReason.AddressConflict;
    }

    private void HandleAnnouncements(Instant now)
    {
        for (int i = 0; i < _own.Count; i++)
        {
            var own = _own[i];
            if (own.AnnouncementsLeft == 0) continue;
            if (now >= own.NextAnnouncement)
            {
                Queue(ArpPacket.Announcement(_mac, own.Address), MacAddress.Broadcast);
                own.AnnouncementsLeft--;
                own.NextAnnouncement = now + TimeSpan.FromSeconds(2); // RFC 5227 1.1: ANNOUNCE_INTERVAL.
                _own[i] = own;
            }

            if (own.AnnouncementsLeft > 0) NextTimeout = Instant.Min(NextTimeout, own.NextAnnouncement);
        }
    }

    private int FindOwn(Ipv4Address address)
    {
        for (int i = 0; i < _own.Count; i++)
            if (_own[i].Address == address) return i;
        return -1;
    }

    private void Queue(in ArpPacket packet, MacAddress to)
    {
        if (_outputCount == OutputLimit)
        {
            _drops.Count(DropReason.QueueFull);
            return;
        }

        _output[(_outputHead + _outputCount++) % OutputLimit] = (packet, to);
    }

    // The oldest makes room: RFC 1122 2.3.2.2 wants the latest packet kept.
    private void Hold(int index, PacketBuffer packet)
    {
        ref Entry entry = ref _entries[index];
        int limit = _options.PendingPerNeighbour, size = packet.MemorySize;
        var queue = _pending.AsSpan(index * limit, limit);
        if (entry.PendingCount == limit)
        {
            _pendingOctets -= queue[0]!.MemorySize;
            queue[0]!.Release();
            _drops.Count(DropReason.QueueFull);
            queue[1..].CopyTo(queue);
            entry.PendingCount--;
            PendingCount--;
        }

        // Answers to forged senders on the link wait for nobody: they must not take what the pool has for others.
        if (_pendingOctets + size > packet.Pool.Capacity / 8 * PoolBlock.Size || (PendingCount > 0 && !packet.Pool.HasRoom))
        {
            packet.Release();
            _drops.Count(DropReason.NoBuffer);
            return;
        }

        queue[entry.PendingCount++] = packet;
        PendingCount++;
        _pendingOctets += size;
    }

    private void Release(int index, bool isAnswered)
    {
        ref Entry entry = ref _entries[index];
        var queue = _pending.AsSpan(index * _options.PendingPerNeighbour, entry.PendingCount);
        foreach (ref var packet in queue)
        {
            _pendingOctets -= packet!.MemorySize;
            if (isAnswered) _answered.Enqueue((packet, entry.Mac));
            else _failed.Enqueue(packet);
            packet = null;
        }

        PendingCount -= entry.PendingCount;
        entry.PendingCount = 0;
    }
}
