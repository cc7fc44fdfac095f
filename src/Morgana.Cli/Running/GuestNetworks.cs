using Morgana.Gateway;

namespace Morgana.Cli.Running;

/// <summary>All of a guest's networks.</summary>
internal sealed class GuestNetworks : IAsyncDisposable
{
    private readonly List<GuestNetwork> _networks = [];

    private GuestNetworks()
    {
    }

    /// <summary>The guest's entries in <c>MORGANA_DEVICES</c>.</summary>
    public IEnumerable<string> Devices => _networks.Select(n => n.Device);

    /// <summary>What is to be handed over, in the order of the entries.</summary>
    public ReadOnlySpan<int> Descriptors => _networks.Select(n => n.Descriptor).ToArray();

    /// <summary>Opens what they are joined to, and takes the host's ports.</summary>
    /// <param name="attachments">One for each network.</param>
    /// <param name="first">The number that the first of <see cref="Descriptors"/> gets in the guest.</param>
    public static async Task<GuestNetworks> OpenAsync(IReadOnlyList<NetworkAttachment> attachments, int first = GuestProcess.FirstDescriptor)
    {
        var networks = new GuestNetworks();
        try
        {
            foreach (var attachment in attachments) networks._networks.Add(GuestNetwork.Open(attachment, first + networks._networks.Count));
            return networks;
        }
        catch
        {
            await networks.DisposeAsync();
            throw;
        }
    }

    /// <summary>Closes the runner's copies of what the guest has now: when the guest ends, the gateways see it.</summary>
    public void Release()
    {
        foreach (var network in _networks) network.Release();
    }

    /// <summary>Gives each published port to <paramref name="announce"/> once the guest serves it.</summary>
    public Task AnnounceAsync(Action<PublishedPort> announce, CancellationToken cancel) => Task.WhenAll(_networks.Select(n => n.AnnounceAsync(announce, cancel)));

    public async ValueTask DisposeAsync()
    {
        foreach (var network in _networks) await network.DisposeAsync();
    }
}
