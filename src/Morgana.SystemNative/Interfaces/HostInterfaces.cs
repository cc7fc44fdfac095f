using Morgana.Core;
using Morgana.Network;

namespace Morgana.SystemNative;

/// <summary>One interface as a program sees it, as it is now.</summary>
internal sealed record HostInterface(int Index, string Name, int Mtu, MacAddress Mac, InterfaceAddress[] Addresses)
{
    public bool IsLoopback => Index == HostInterfaces.LoopbackIndex;

    public long FramesIn { get; init; }

    public long OctetsIn { get; init; }

    public long FramesOut { get; init; }

    public long OctetsOut { get; init; }
}

/// <summary>The host's interfaces as programs see them: <c>lo</c>, and the device's.</summary>
internal static class HostInterfaces
{
    /// <summary>The index of <c>lo</c>, as on Linux.</summary>
    public const int LoopbackIndex = 1;

    /// <summary>The index of the first device.</summary>
    public const int FirstIndex = 2;

    private const int LoopbackMtu = 65536;

    /// <summary>All of them. A link that leads nowhere, and so has no address, is none.</summary>
    public static IReadOnlyList<HostInterface> All()
    {
        using var turn = HostNetwork.Loop.TakeTurn();
        return All(turn.Stack);
    }

    /// <inheritdoc cref="All()"/>
    public static IReadOnlyList<HostInterface> All(NetworkStack stack) =>
    [
        new(LoopbackIndex, "lo", LoopbackMtu, default, [new(Ipv4Address.Loopback, 8)]),
        .. stack.Interfaces.Where(i => i.Addresses.Length > 0).Select(i => new HostInterface(FirstIndex + i.Index, i.Name, i.Mtu, i.Mac, i.Addresses)
        {
            FramesIn = i.FramesIn,
            OctetsIn = i.OctetsIn,
            FramesOut = i.FramesOut,
            OctetsOut = i.OctetsOut,
        }),
    ];

    /// <summary>The addresses of all devices.</summary>
    public static IReadOnlyList<Ipv4Address> Addresses() => [.. All().Where(i => !i.IsLoopback).SelectMany(i => i.Addresses).Select(a => a.Address)];

    /// <summary>An interface's index; 0 if there is none of that name.</summary>
    public static int IndexOf(string name) => All().FirstOrDefault(i => i.Name == name)?.Index ?? 0;
}
