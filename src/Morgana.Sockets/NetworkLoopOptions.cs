using Morgana.Core;
using Morgana.Devices;
using Morgana.Network;

namespace Morgana.Sockets;

/// <summary>One device of a loop, and the interface that the stack shows on it.</summary>
/// <param name="Device">The device; the loop owns it and disposes of it.</param>
/// <param name="Interface">Its name, addresses and MTU.</param>
public sealed record NetworkAttachment(INetworkDevice Device, InterfaceOptions Interface);

/// <summary>Settings of a <see cref="NetworkLoop"/>.</summary>
public sealed record NetworkLoopOptions
{
    /// <summary>The devices; at least one.</summary>
    public required IReadOnlyList<NetworkAttachment> Attachments { get; init; }

    /// <summary>The pool that the devices were made with; its memory bounds everything that the loop can hold.</summary>
    public required BufferPool Pool { get; init; }

    /// <summary>The stack's limits.</summary>
    public NetworkStackOptions Stack { get; init; } = new();

    /// <summary>Name servers, asked in this order.</summary>
    public IReadOnlyList<IpEndpoint> NameServers { get; init; } = [];

    /// <summary>32 octets of secret for sequence numbers, ports and tables; null draws them from the system.</summary>
    public byte[]? Secret { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Whether handlers continue on the loop's own thread instead of the thread pool: the least delay, but a handler that blocks stalls the network.</summary>
    public bool HandlersOnLoop { get; init; }

    /// <summary>The thread's name.</summary>
    public string Name { get; init; } = "network";
}
