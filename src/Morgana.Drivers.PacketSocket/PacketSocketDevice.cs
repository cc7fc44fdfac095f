using System.Runtime.InteropServices;
using Morgana.Core;
using Morgana.Devices.Linux;

namespace Morgana.Drivers.PacketSocket;

/// <summary>A network interface of Linux's, used through a packet socket: every frame that it receives, and frames as they are to be sent.</summary>
public sealed unsafe class PacketSocketDevice : FrameDescriptorDevice
{
    // linux/if_packet.h: what struct tpacket_auxdata says of a frame.
    private const int PacketLevel = 263, AuxiliaryData = 8;
    private const uint ChecksumNotReady = 1 << 3, ChecksumValid = 1 << 7;
    // struct cmsghdr of 64-bit Linux, and struct tpacket_auxdata behind it.
    private const int ControlHeader = 16, ControlSize = ControlHeader + 24;
    private const int NetDown = 100;
    private const int NoSuchDevice = 6;

    private PacketSocketDevice(int descriptor, BufferPool pool, PacketSocketInterface link, PacketSocketSettings settings)
        : base(descriptor, pool, link.Name, new() { Mac = settings.Mac.Value != 0 ? settings.Mac : link.Mac, Mtu = settings.Mtu ?? link.Mtu })
    {
    }

    /// <summary>Opens a socket on the interface called <paramref name="name"/>.</summary>
    /// <param name="name">The interface, in the caller's network namespace. It has to be up.</param>
    /// <param name="pool">Where received frames go; of the loop that will own the device.</param>
    /// <param name="settings">MTU and address.</param>
    /// <exception cref="IOException">One line says what is wrong and what to do.</exception>
    public static PacketSocketDevice Open(string name, BufferPool pool, PacketSocketSettings? settings = null)
    {
        int descriptor = PacketSocketInterface.Open(name);
        try
        {
            return FromDescriptor(descriptor, pool, settings);
        }
        catch
        {
            Libc.Close(descriptor);
            throw;
        }
    }

    /// <summary>A device over a packet socket that is bound to an interface; the device owns it from now on.</summary>
    /// <exception cref="IOException">The descriptor is no such socket.</exception>
    public static PacketSocketDevice FromDescriptor(int descriptor, BufferPool pool, PacketSocketSettings? settings = null) =>
        new(descriptor, pool, PacketSocketInterface.Of(descriptor), settings ?? new());

    /// <remarks>Safety: the kernel writes no more than the vectors and the control buffer, which outlive the call, say.</remarks>
    private protected override nint ReadFrame(int descriptor, IoVector* vectors, int count, ref OffloadMetadata offload)
    {
        byte* control = stackalloc byte[ControlSize];
        MessageHeader message = new() { Vectors = vectors, VectorCount = (nuint)count, Control = control, ControlLength = ControlSize };
        nint length = Libc.ReceiveMessage(descriptor, &message, Libc.MessageDontWait);
        if (length >= 0 && message.ControlLength >= ControlHeader + sizeof(uint) && ((int*)control)[2] == PacketLevel && ((int*)control)[3] == AuxiliaryData)
        {
            // Not ready: it comes from this machine's own stack, which leaves the sum to a device that this frame never passed.
            offload.ChecksumVerified = (*(uint*)(control + ControlHeader) & (ChecksumNotReady | ChecksumValid)) != 0;
        }

        return length;
    }

    private protected override string? DescribeLoss(int error) => error switch
    {
        // Somebody has set the interface down, or it takes no such frame (EMSGSIZE among them): neither is for good.
        NetDown or Libc.EInval or Libc.EMsgSize => null,
        NoSuchDevice or Libc.ENoDev => $"the interface '{Name}' is gone",
        _ => $"'{Name}' failed: {Marshal.GetPInvokeErrorMessage(error)}",
    };
}
