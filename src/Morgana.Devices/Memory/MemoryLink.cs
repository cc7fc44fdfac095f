using Morgana.Core;

namespace Morgana.Devices;

/// <summary>How a <see cref="MemoryLink"/> is made.</summary>
public sealed record MemoryLinkOptions
{
    /// <summary>The largest IP packet in a frame.</summary>
    public int Mtu { get; init; } = 1500;

    /// <summary>Frames that each direction holds; a power of two, else it is rounded up to one.</summary>
    public int Capacity { get; init; } = 256;

    /// <summary>Whether peers may skip checksums, as nothing damages memory. Off by default, so that measurements pay for them.</summary>
    public bool IsLossless { get; init; }

    /// <summary>The first end's address, or zero where its stack is to choose.</summary>
    public MacAddress FirstMac { get; init; }

    /// <summary>The second end's address, or zero where its stack is to choose.</summary>
    public MacAddress SecondMac { get; init; }
}

/// <summary>A cable in memory between two devices, each with a bounded queue towards the other.</summary>
public static class MemoryLink
{
    /// <summary>Makes both ends.</summary>
    /// <param name="firstPool">The pool of the first end's loop.</param>
    /// <param name="secondPool">
    /// The pool of the second end's loop. The same pool means that one thread drives both ends: frames are then handed over without a copy.
    /// With two pools, each end may have a thread of its own, and the receiver copies.
    /// </param>
    /// <param name="options">MTU, capacity, addresses.</param>
    public static (MemoryDevice First, MemoryDevice Second) Create(BufferPool firstPool, BufferPool secondPool, MemoryLinkOptions? options = null)
    {
        options ??= new();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Mtu, 68);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Mtu, 65535);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Capacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Capacity, 65536);
        var first = new MemoryDevice(firstPool, options, options.FirstMac);
        var second = new MemoryDevice(secondPool, options, options.SecondMac);
        first.Join(second);
        second.Join(first);
        return (first, second);
    }
}
