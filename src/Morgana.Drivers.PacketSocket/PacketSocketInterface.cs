using System.Text;
using Morgana.Core;
using Morgana.Devices.Linux;

namespace Morgana.Drivers.PacketSocket;

/// <summary>An interface as Linux describes it, and packet sockets on it.</summary>
internal sealed unsafe class PacketSocketInterface
{
    // linux/if_packet.h, linux/if_ether.h, linux/sockios.h, and struct ifreq of 64-bit Linux.
    private const int AfPacket = 17, SockRaw = 3, PacketLevel = 263, WantAuxiliaryData = 8, IgnoreOutgoing = 23;
    private const ushort AnyProtocol = 0x0300;          // ETH_P_ALL, in network order.
    private const nuint GetName = 0x8910, GetMtu = 0x8921, GetAddress = 0x8927, GetIndex = 0x8933;
    private const int NameSize = 16, RequestSize = 40, AddressSize = 20, EthernetHardware = 1;

    public required string Name { get; init; }

    public required int Mtu { get; init; }

    public required MacAddress Mac { get; init; }

    /// <summary>Opens a socket for all frames of the interface called <paramref name="name"/>.</summary>
    /// <remarks>Safety: every buffer is of the size that the call's type has, lives in this frame, and is not kept by the kernel.</remarks>
    public static int Open(string name)
    {
        byte* request = stackalloc byte[RequestSize];
        WriteName(request, name);
        // No protocol yet: before it is bound, it would take frames of every interface.
        int descriptor = Libc.Socket(AfPacket, SockRaw | Libc.SockCloseOnExec, 0);
        if (descriptor < 0)
            throw new IOException(Libc.Error is Libc.EPerm or Libc.EAcces ? "A packet socket needs CAP_NET_RAW: run as root." : $"No packet socket can be opened: {Libc.Describe(Libc.Error)}.");
        string? fault = Bind(descriptor, request, name);
        if (fault is null) return descriptor;
        Libc.Close(descriptor);
        throw new IOException(fault);
    }

    /// <summary>The interface that a socket is bound to.</summary>
    /// <exception cref="IOException">It is no packet socket, or is bound to none.</exception>
    public static PacketSocketInterface Of(int descriptor)
    {
        byte* address = stackalloc byte[AddressSize], request = stackalloc byte[RequestSize];
        new Span<byte>(request, RequestSize).Clear();
        uint length = AddressSize;
        if (Libc.SocketName(descriptor, address, &length) < 0 || *(ushort*)address != AfPacket || *(int*)(address + 4) <= 0)
            throw new IOException($"Descriptor {descriptor} is no packet socket that is bound to an interface.");
        *(int*)(request + NameSize) = *(int*)(address + 4);
        Ask(descriptor, GetName, request);
        string name = Encoding.UTF8.GetString(new ReadOnlySpan<byte>(request, NameSize)).TrimEnd('\0');
        Ask(descriptor, GetMtu, request);
        int mtu = *(int*)(request + NameSize);
        Ask(descriptor, GetAddress, request);
        if (*(ushort*)(request + NameSize) != EthernetHardware) throw new IOException($"'{name}' is no Ethernet interface.");
        return new() { Name = name, Mtu = Math.Min(mtu, 65535), Mac = MacAddress.Read(new ReadOnlySpan<byte>(request + NameSize + 2, MacAddress.Size)) };
    }

    private static string? Bind(int descriptor, byte* request, string name)
    {
        if (Libc.IoControl(descriptor, GetIndex, request) < 0) return $"There is no interface '{name}'.";
        // struct sockaddr_ll: family, protocol, index.
        byte* address = stackalloc byte[AddressSize];
        new Span<byte>(address, AddressSize).Clear();
        *(ushort*)address = AfPacket;
        *(ushort*)(address + 2) = AnyProtocol;
        *(int*)(address + 4) = *(int*)(request + NameSize);
        int yes = 1;
        // What the host itself sends through the interface is none of the guest's business.
        if (Libc.SetOption(descriptor, PacketLevel, IgnoreOutgoing, &yes, sizeof(int)) < 0 ||
            Libc.SetOption(descriptor, PacketLevel, WantAuxiliaryData, &yes, sizeof(int)) < 0 ||
            Libc.Bind(descriptor, address, AddressSize) < 0)
            return $"'{name}' cannot be used with a packet socket: {Libc.Describe(Libc.Error)}.";
        return null;
    }

    private static void Ask(int descriptor, nuint question, byte* request)
    {
        if (Libc.IoControl(descriptor, question, request) < 0) throw new IOException($"The interface of descriptor {descriptor} cannot be asked: {Libc.Describe(Libc.Error)}.");
    }

    private static void WriteName(byte* request, string name)
    {
        var bytes = new Span<byte>(request, RequestSize);
        bytes.Clear();
        if (name.Length == 0 || Encoding.UTF8.GetByteCount(name) >= NameSize) throw new ArgumentException($"An interface's name has 1 to {NameSize - 1} octets; '{name}' does not.", nameof(name));
        Encoding.UTF8.GetBytes(name, bytes);
    }
}
