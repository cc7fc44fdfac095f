using Morgana.Composition;
using Morgana.Core;
using Morgana.Devices;

namespace Morgana.Hosting;

/// <summary>Where a network device is plugged in: the device is opened once there is memory for its frames.</summary>
[DeviceKind("network", DefaultName = "net0")]
public interface INetworkPort
{
    /// <summary>Whether our own gateway is at the other end, so that its addresses are known.</summary>
    bool IsBehindGateway { get; }

    /// <summary>Opens the device, once, and makes the pool that its frames are rented from: of native memory, or of the device's own.</summary>
    /// <param name="poolSize">Octets of native memory for the pools of all the guest's networks.</param>
    /// <exception cref="BootException">It cannot be opened.</exception>
    (INetworkDevice Device, BufferPool Pool) Open(int poolSize);
}

/// <summary>A port that the runner hands over as a descriptor.</summary>
internal sealed class DescriptorPort(DeviceHandle handle, bool isBehindGateway) : INetworkPort
{
    public string Name => handle.Name;

    public bool IsBehindGateway => isBehindGateway;

    public (INetworkDevice Device, BufferPool Pool) Open(int poolSize)
    {
        MacAddress mac = default;
        if (handle.Find("mac") is { } text && !MacAddress.TryParse(text, out mac)) throw new BootException($"{DeviceHandle.Variable}: mac={text} of {handle.Name} is no MAC address.");
        return new DeviceSpecification(handle.Name, handle.Driver, handle.Number("uio", 0, int.MaxValue) ?? handle.Descriptor, handle.Number("mtu", 68, 65535), mac).Open(poolSize / handle.Count);
    }
}

/// <summary>Under the JIT: the gateway of this very process.</summary>
internal sealed class InProcessPort(DeviceHandle handle, Action<string> log) : INetworkPort, IAsyncDisposable
{
    private IAsyncDisposable? _gateway;

    public bool IsBehindGateway => true;

    public (INetworkDevice Device, BufferPool Pool) Open(int poolSize)
    {
        if (!ManagedTarget.IsSupported || ManagedTarget.StartGateway is not { } start) throw new BootException("an image gets its devices from a runner: start it with 'morgana run IMAGE'.");
        var pool = new BufferPool(MemoryRegion.Native(poolSize / handle.Count));
        var network = start(new ManagedTargetRequest(pool, handle.Name, handle.Index == 0, log));
        _gateway = network.Gateway;
        return (network.GuestDevice, pool);
    }

    public ValueTask DisposeAsync() => _gateway?.DisposeAsync() ?? default;
}
