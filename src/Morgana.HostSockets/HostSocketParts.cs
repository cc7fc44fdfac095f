using Morgana.Composition;
using Morgana.HostSockets;
using Morgana.Sockets;

[assembly: Providers(typeof(HostSocketParts))]

namespace Morgana.HostSockets;

/// <summary>The provider that <c>MorganaUse</c> names.</summary>
public static class HostSocketParts
{
    /// <summary>The host's own sockets.</summary>
    [Provides(Targets = Targets.Process | Targets.Managed, Help = "the host's sockets")]
    public static INetworkStack HostSockets() => new HostNetworkStack();
}
