using Morgana.Core;

namespace Morgana.SystemNative;

/// <summary>The host's interfaces as programs see them: <c>lo</c>, and the device's.</summary>
internal static class HostInterfaces
{
    /// <summary>The index of <c>lo</c>, as on Linux.</summary>
    public const int LoopbackIndex = 1;

    /// <summary>The index of the first device.</summary>
    public const int FirstIndex = 2;

    /// <summary>The addresses of all devices.</summary>
    public static IReadOnlyList<Ipv4Address> Addresses()
    {
        using var turn = HostNetwork.Loop.TakeTurn();
        return [.. turn.Stack.Interfaces.SelectMany(i => i.Addresses).Select(a => a.Address)];
    }

    /// <summary>An interface's index; 0 if there is none of that name.</summary>
    public static int IndexOf(string name)
    {
        if (name == "lo") return LoopbackIndex;
        using var turn = HostNetwork.Loop.TakeTurn();
        foreach (var interface_ in turn.Stack.Interfaces)
            if (interface_.Name == name && interface_.Addresses.Length > 0) return FirstIndex + interface_.Index;
        return 0;
    }
}
