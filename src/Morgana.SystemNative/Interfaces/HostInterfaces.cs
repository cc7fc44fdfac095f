using Morgana.Core;
using Morgana.Network;
using Morgana.Protocols.Igmp;

namespace Morgana.SystemNative;

/// <summary>One interface as a program sees it, as it is now.</summary>
internal sealed class HostInterface(int index, string name, int mtu, MacAddress mac, InterfaceAddress[] addresses)
{
    public int Index => index;

    public string Name => name;

    public int Mtu => mtu;

    public MacAddress Mac => mac;

    public InterfaceAddress[] Addresses => addresses;

    public bool IsLoopback => Index == HostInterfaces.LoopbackIndex;

    public long FramesIn { get; init; }

    public long OctetsIn { get; init; }

    public long FramesOut { get; init; }

    public long OctetsOut { get; init; }

    public long FramesDropped { get; init; }

    public long GroupFramesIn { get; init; }

    public long OutputDropped { get; init; }

    /// <summary>Frames that may wait to be sent.</summary>
    public int QueueLimit { get; init; }

    /// <summary>The groups that are joined on it.</summary>
    public required IgmpHost Groups { get; init; }
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
        Loopback(stack),
        .. stack.Interfaces.Where(i => i.Addresses.Length > 0).Select(i => new HostInterface(FirstIndex + i.Index, i.Name, i.Mtu, i.Mac, i.Addresses)
        {
            FramesIn = i.FramesIn,
            OctetsIn = i.OctetsIn,
            FramesOut = i.FramesOut,
            OctetsOut = i.OctetsOut,
            FramesDropped = i.FramesDropped,
            GroupFramesIn = i.GroupFramesIn,
            OutputDropped = i.OutputDropped,
            QueueLimit = i.OutputQueueLimit,
            Groups = i.Groups,
        }),
    ];

    /// <summary>The names of all, as they are now; starts the network where it has not been yet.</summary>
    public static IReadOnlyList<string> Names() => [.. All().Select(i => i.Name)];

    // What goes out by it comes in by it.
    private static HostInterface Loopback(NetworkStack stack)
    {
        var counters = stack.Statistics;
        return new(LoopbackIndex, "lo", LoopbackMtu, default, [new(Ipv4Address.Loopback, 8)])
        {
            FramesIn = counters.LoopbackPackets,
            OctetsIn = counters.LoopbackOctets,
            FramesOut = counters.LoopbackPackets,
            OctetsOut = counters.LoopbackOctets,
            QueueLimit = stack.LoopbackQueueLimit,
            Groups = stack.LoopbackGroups,
        };
    }

    /// <summary>The addresses of all devices.</summary>
    public static List<Ipv4Address> Addresses()
    {
        List<Ipv4Address> addresses = [];
        foreach (var link in All())
        {
            if (link.IsLoopback) continue;
            foreach (var address in link.Addresses) addresses.Add(address.Address);
        }

        return addresses;
    }

    /// <summary>An interface's index; 0 if there is none of that name.</summary>
    public static int IndexOf(string name) => All().FirstOrDefault(i => i.Name == name)?.Index ?? 0;
}
