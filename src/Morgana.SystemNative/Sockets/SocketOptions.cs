using Morgana.Core;

namespace Morgana.SystemNative;

/// <summary>What setsockopt(2) has set: Linux's defaults until then. Read and written in the loop's turn.</summary>
internal sealed class SocketOptions
{
    // ip_local_port_range of Linux.
    private const ushort FirstEphemeral = 32768, LastEphemeral = 60999;

    /// <summary><c>SO_REUSEADDR</c>.</summary>
    public bool ReuseAddress { get; set; }

    /// <summary><c>SO_REUSEPORT</c>.</summary>
    public bool ReusePort { get; set; }

    public bool KeepAlive { get; set; }

    public int KeepAliveTime { get; set; } = 7200;

    public int KeepAliveInterval { get; set; } = 75;

    public int KeepAliveCount { get; set; } = 9;

    public bool Broadcast { get; set; }

    public bool OutOfBandInline { get; set; }

    public bool DontRoute { get; set; }

    public bool Debug { get; set; }

    public bool LingerOn { get; set; }

    public int LingerSeconds { get; set; }

    /// <summary>As getsockopt(2) tells it: twice what was set.</summary>
    public int SendBuffer { get; set; }

    public int ReceiveBuffer { get; set; }

    public bool IsSendBufferSet { get; set; }

    public bool IsReceiveBufferSet { get; set; }

    public int ReceiveLowWater { get; set; } = 1;

    /// <summary>Milliseconds; 0 waits without limit.</summary>
    public int ReceiveTimeout { get; set; }

    public int SendTimeout { get; set; }

    public bool NoDelay { get; set; }

    public int FastOpen { get; set; }

    public int TypeOfService { get; set; }

    public int TimeToLive { get; set; } = 64;

    /// <summary><c>IP_MTU_DISCOVER</c>.</summary>
    public int PathMtuDiscovery { get; set; } = 1;

    /// <summary><c>IP_RECVERR</c>.</summary>
    public bool ReceiveErrors { get; set; }

    public int MulticastTimeToLive { get; set; } = 1;

    public bool MulticastLoop { get; set; } = true;

    /// <summary><c>IP_MULTICAST_IF</c>: the interface's index, 0 for the one that routes name.</summary>
    public int MulticastInterface { get; set; }

    /// <summary><c>IP_MULTICAST_IF</c>: the address to send from.</summary>
    public Ipv4Address MulticastAddress { get; set; }

    /// <summary><c>IP_LOCAL_PORT_RANGE</c>: the first port in the lower half, the last in the upper one; 0 as the host has it.</summary>
    public uint LocalPortRange { get; set; }

    /// <summary>inet_sk_get_local_port_range of Linux: the ports of which one is chosen. Bounds that the host's own range does not have count for nothing.</summary>
    public (ushort First, ushort Last) EphemeralPorts
    {
        get
        {
            var (first, last) = (FirstEphemeral, LastEphemeral);
            ushort low = (ushort)LocalPortRange, high = (ushort)(LocalPortRange >> 16);
            if (low >= first && low <= last) first = low;
            if (high >= first && high <= last) last = high;
            return (first, last);
        }
    }

    public bool PacketInformation { get; set; }

    public bool HeaderIncluded { get; set; }

    public void CopyFrom(SocketOptions other)
    {
        (ReuseAddress, ReusePort, KeepAlive, KeepAliveTime, KeepAliveInterval, KeepAliveCount) =
            (other.ReuseAddress, other.ReusePort, other.KeepAlive, other.KeepAliveTime, other.KeepAliveInterval, other.KeepAliveCount);
        (LingerOn, LingerSeconds, SendBuffer, ReceiveBuffer, IsSendBufferSet, IsReceiveBufferSet) =
            (other.LingerOn, other.LingerSeconds, other.SendBuffer, other.ReceiveBuffer, other.IsSendBufferSet, other.IsReceiveBufferSet);
        (OutOfBandInline, DontRoute, Debug, NoDelay, TypeOfService, TimeToLive, PathMtuDiscovery) =
            (other.OutOfBandInline, other.DontRoute, other.Debug, other.NoDelay, other.TypeOfService, other.TimeToLive, other.PathMtuDiscovery);
        (ReceiveTimeout, SendTimeout, ReceiveLowWater) = (other.ReceiveTimeout, other.SendTimeout, other.ReceiveLowWater);
    }
}
