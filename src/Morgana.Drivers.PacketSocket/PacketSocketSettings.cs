using Morgana.Core;

namespace Morgana.Drivers.PacketSocket;

/// <summary>How an interface is used.</summary>
public sealed record PacketSocketSettings
{
    /// <summary>The largest IP packet in a frame, 68 to 65,535 octets; null asks the system.</summary>
    public int? Mtu { get; init; }

    /// <summary>The guest's address; zero takes the interface's own. Frames for another come only where the interface is promiscuous.</summary>
    public MacAddress Mac { get; init; }
}
