using System.Diagnostics.CodeAnalysis;
using Morgana.Core;
using Morgana.Devices;

namespace Morgana.Hosting;

/// <summary>The inner loop: a unikernel under the JIT (<c>dotnet run</c>), with the gateway in its own process.</summary>
/// <remarks>
/// Hosting does not know the gateway. What starts it is set by a module initializer, which the Sdk compiles into the project when it is
/// not compiled ahead of time; in an image the switch is false and the branch is trimmed.
/// </remarks>
public static class ManagedTarget
{
    /// <summary>Whether this program may start a gateway of its own; a constant in an image.</summary>
    [FeatureSwitchDefinition("Morgana.ManagedTarget")]
    public static bool IsSupported => !AppContext.TryGetSwitch("Morgana.ManagedTarget", out bool enabled) || enabled;

    /// <summary>Starts a gateway in this process and gives the guest's end of its link. Null where none was compiled in.</summary>
    public static Func<ManagedTargetRequest, ManagedTargetNetwork>? StartGateway { get; set; }
}

/// <summary>What a unikernel asks of the gateway in its process.</summary>
/// <param name="GuestPool">The guest's pool: what its device receives is rented from it.</param>
/// <param name="Network">What the guest calls this network: <c>net0</c>.</param>
/// <param name="IsFirst">Whether it is the first of the guest's networks: then what nobody named is meant for it.</param>
/// <param name="Log">Takes a line for the person who started the program. Any thread.</param>
public sealed record ManagedTargetRequest(BufferPool GuestPool, string Network, bool IsFirst, Action<string> Log);

/// <summary>The guest's end of a link to a gateway in this process.</summary>
/// <param name="GuestDevice">The guest's device; its loop disposes of it.</param>
/// <param name="Gateway">Stops the gateway; disposed of after the guest's loop has stopped.</param>
public sealed record ManagedTargetNetwork(INetworkDevice GuestDevice, IAsyncDisposable Gateway);
