using Morgana.Core;

namespace Morgana.Drivers.Tap;

/// <summary>How a tap is used.</summary>
public sealed record TapSettings
{
    /// <summary>The largest IP packet in a frame, 68 to 65,535 octets; null asks the system, which needs the right to open a socket.</summary>
    public int? Mtu { get; init; }

    /// <summary>The guest's address, or zero where the stack is to choose. It is not the interface's own, which the host uses.</summary>
    public MacAddress Mac { get; init; }
}
