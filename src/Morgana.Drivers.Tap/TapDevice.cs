using Morgana.Core;
using Morgana.Devices.Linux;

namespace Morgana.Drivers.Tap;

/// <summary>A Linux tap interface: the host's network stack is at the other end of the wire.</summary>
public sealed class TapDevice : FrameDescriptorDevice
{
    private TapDevice(int descriptor, BufferPool pool, TapSettings settings)
        : base(descriptor, pool, TapInterface.ReadName(descriptor), new() { Mac = settings.Mac, Mtu = settings.Mtu ?? TapInterface.ReadMtu(descriptor) })
    {
    }

    /// <summary>Opens the tap called <paramref name="name"/>.</summary>
    /// <param name="name">The interface, in the caller's network namespace.</param>
    /// <param name="pool">Where received frames go; of the loop that will own the device.</param>
    /// <param name="settings">MTU and address.</param>
    /// <param name="create">Whether to make the interface where there is none, for as long as the device lives.</param>
    /// <exception cref="IOException">One line says what is wrong and what to do.</exception>
    public static TapDevice Open(string name, BufferPool pool, TapSettings? settings = null, bool create = false)
    {
        int descriptor = TapInterface.Open(name, create);
        try
        {
            return new(descriptor, pool, settings ?? new());
        }
        catch
        {
            Libc.Close(descriptor);
            throw;
        }
    }

    /// <summary>A device over an open tap, which it owns from now on; such as one inherited from the runner.</summary>
    /// <exception cref="IOException">The descriptor is no tap's that we can use.</exception>
    public static TapDevice FromDescriptor(int descriptor, BufferPool pool, TapSettings? settings = null) => new(descriptor, pool, settings ?? new());

    private protected override string? DescribeLoss(int error) => error switch
    {
        // The host has set the interface down, or does not like this one frame: neither is for good.
        Libc.EIo or Libc.EInval => null,
        Libc.EBadFd => $"the host has removed the interface '{Name}'",
        _ => $"'{Name}' failed: {Libc.Describe(error)}",
    };
}
