using Morgana.Core;
using Morgana.Protocols.Arp;
using Morgana.Protocols.Igmp;

namespace Morgana.Network;

/// <summary>One link of a host: addresses, neighbours, and the frames that wait for its device. Loop's thread only.</summary>
public sealed class NetworkInterface
{
    private readonly PacketBuffer?[] _output;
    private int _head;
    private int _count;

    internal NetworkInterface(int index, InterfaceOptions options, ArpCache neighbours, IgmpHost groups, int outputLimit)
    {
        Index = index;
        Options = options;
        Neighbours = neighbours;
        Groups = groups;
        Addresses = new InterfaceAddress[options.Addresses.Count];
        for (int i = 0; i < Addresses.Length; i++) Addresses[i] = options.Addresses[i];
        _output = new PacketBuffer?[outputLimit];
    }

    /// <summary>Its number within the stack, from 0.</summary>
    public int Index { get; }

    /// <summary>What it is.</summary>
    public InterfaceOptions Options { get; }

    /// <summary>Its name.</summary>
    public string Name => Options.Name;

    /// <summary>Its hardware address.</summary>
    public MacAddress Mac => Options.Mac;

    /// <summary>The largest IP packet that a frame carries.</summary>
    public int Mtu => Options.Mtu;

    /// <summary>Its addresses.</summary>
    public InterfaceAddress[] Addresses { get; }

    /// <summary>Its neighbour cache.</summary>
    public ArpCache Neighbours { get; }

    /// <summary>The groups that it takes packets of.</summary>
    public IgmpHost Groups { get; }

    /// <summary>Frames that wait for the device.</summary>
    public int QueuedFrames => _count;

    /// <summary>Frames that came in.</summary>
    public long FramesIn { get; internal set; }

    /// <summary>Octets that came in, link headers included.</summary>
    public long OctetsIn { get; internal set; }

    /// <summary>Of these, those that were sent to groups.</summary>
    public long GroupFramesIn { get; internal set; }

    /// <summary>Frames that were for another station, of another VLAN, or of nothing that is spoken here.</summary>
    public long FramesDropped { get; internal set; }

    /// <summary>Frames that were handed to the device.</summary>
    public long FramesOut { get; internal set; }

    /// <summary>Octets that were handed to the device.</summary>
    public long OctetsOut { get; internal set; }

    /// <summary>Frames that were lost since as many waited as may.</summary>
    public long OutputDropped { get; internal set; }

    /// <summary>Frames that may wait for the device.</summary>
    public int OutputQueueLimit => _output.Length;

    internal int LinkHeaderLength => Options.Vlan is null ? 14 : 18;

    /// <summary>Whether <paramref name="address"/> is one of its own.</summary>
    public bool HasAddress(Ipv4Address address)
    {
        foreach (ref readonly var own in Addresses.AsSpan())
            if (own.Address == address) return true;
        return false;
    }

    /// <summary>Whether <paramref name="address"/> means every host on the link (RFC 919; RFC 1122 3.3.6).</summary>
    public bool IsBroadcast(Ipv4Address address)
    {
        if (address == Ipv4Address.Broadcast) return true;
        foreach (ref readonly var own in Addresses.AsSpan())
            if (own.IsDirectedBroadcast(address) || own.IsNetworkAddress(address)) return true;
        return false;
    }

    internal bool TryEnqueue(PacketBuffer frame)
    {
        if (_count == _output.Length) return false;
        _output[(_head + _count++) % _output.Length] = frame;
        return true;
    }

    internal int Dequeue(Span<PacketBuffer> frames)
    {
        int n = Math.Min(frames.Length, _count);
        for (int i = 0; i < n; i++)
        {
            frames[i] = _output[_head]!;
            _output[_head] = null;
            _head = (_head + 1) % _output.Length;
        }

        _count -= n;
        return n;
    }

    /// <summary>Its name and first address.</summary>
    public override string ToString() => Addresses.Length == 0 ? Name : $"{Name} ({Addresses[0]})";
}
