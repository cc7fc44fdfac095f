using Morgana.Core;

namespace Morgana.Drivers.FrameSocket;

/// <summary>How a frame socket is used. Both ends have to agree on the MTU.</summary>
public sealed record FrameSocketSettings
{
    /// <summary>The largest IP packet in a frame, 68 to 65,520 octets.</summary>
    public int Mtu { get; init; } = 1500;

    /// <summary>This end's address, or zero where the stack is to choose.</summary>
    public MacAddress Mac { get; init; }

    /// <summary>Whether the stack may skip checksums, since octets in the kernel's memory are not damaged. Off by default.</summary>
    public bool IsLossless { get; init; }
}
