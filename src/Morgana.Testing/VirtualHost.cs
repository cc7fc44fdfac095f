using Morgana.Core;
using Morgana.Devices.Faults;
using Morgana.Network;

namespace Morgana.Testing;

/// <summary>A host of a <see cref="VirtualNetwork"/>: a whole stack with a pool of its own.</summary>
public sealed partial class VirtualHost
{
    private readonly PacketBuffer[] _frames = new PacketBuffer[64];

    internal VirtualHost(VirtualNetwork network, int index, InterfaceOptions options, NetworkStackOptions stackOptions, int poolOctets)
    {
        Network = network;
        Faults = new(network.Link, network.Seed ^ ((ulong)(index + 1) << 32));
        Pool = new BufferPool(MemoryRegion.Pinned(poolOctets));
        if (network.FindsLeaks) Pool.Observer = Leaks = new PoolLeakObserver();
        byte[] secret = new byte[32];
        new DeterministicRandom(network.Seed ^ ((ulong)index << 48)).Fill(secret);
        Stack = new NetworkStack(stackOptions, Pool, secret, Trace);
        Interface = Stack.AddInterface(options, network.Now);
    }

    /// <summary>The network that it is on.</summary>
    public VirtualNetwork Network { get; }

    /// <summary>Its stack.</summary>
    public NetworkStack Stack { get; }

    /// <summary>Its one interface.</summary>
    public NetworkInterface Interface { get; }

    /// <summary>Its pool.</summary>
    public BufferPool Pool { get; }

    /// <summary>What is out of the pool, if <see cref="VirtualNetwork.FindsLeaks"/>.</summary>
    public PoolLeakObserver? Leaks { get; }

    /// <summary>Its trace ring; off until enabled.</summary>
    public TraceRing Trace { get; } = new();

    /// <summary>Its address.</summary>
    public IpAddress Address => Interface.Addresses[0].Address;

    /// <summary>Whether its cable is plugged in.</summary>
    public bool IsConnected { get; set; } = true;

    internal FaultModel Faults { get; }

    /// <summary>Hands a frame to its stack, now.</summary>
    /// <returns>False if its pool was empty.</returns>
    public bool Inject(ReadOnlySpan<byte> frame)
    {
        if (!Pool.TryRentPacket(PacketBuffer.Headroom, out var packet)) return false;
        if (!packet.TryAppend(frame))
        {
            packet.Release();
            return false;
        }

        Stack.HandleFrame(Interface, packet, Network.Now);
        return true;
    }

    internal bool Pump()
    {
        bool worked = false;
        while (true)
        {
            PumpStreams();
            int n = Stack.Transmit(Interface, _frames, Network.Now);
            if (n == 0) break;
            worked = true;
            for (int i = 0; i < n; i++)
            {
                byte[] octets = new byte[_frames[i].Length];
                _frames[i].CopyTo(0, octets);
                _frames[i].Release();
                Network.Send(this, octets);
            }
        }

        return worked;
    }

    private partial void PumpStreams();
}
