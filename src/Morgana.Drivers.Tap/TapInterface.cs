using System.Text;
using Morgana.Devices.Linux;

namespace Morgana.Drivers.Tap;

/// <summary>Linux's tap interfaces, as descriptors: for a runner that opens one and hands it to a sandboxed image.</summary>
public static unsafe class TapInterface
{
    // linux/if_tun.h, linux/sockios.h and struct ifreq of 64-bit Linux.
    private const nuint TunSetInterface = 0x4004_54CA, TunGetInterface = 0x8004_54D2, GetInterfaceMtu = 0x8921;
    private const short Tap = 0x0002, NoPacketInfo = 0x1000, VnetHeader = 0x4000;
    private const int NameSize = 16, RequestSize = 40;

    /// <summary>Opens the tap called <paramref name="name"/>. It is not inherited by child processes until that is said.</summary>
    /// <param name="name">The interface, in the caller's network namespace.</param>
    /// <param name="create">Whether to make the interface where there is none; it is gone again when the descriptor is closed.</param>
    /// <exception cref="IOException">One line says what is wrong and what to do.</exception>
    public static int Open(string name, bool create = false)
    {
        byte* request = stackalloc byte[RequestSize];
        WriteRequest(request, name, Tap | NoPacketInfo);
        if (!create && QueryMtu(request) < 0)
            throw new IOException($"There is no interface '{name}'; make it with: ip tuntap add {name} mode tap user $(id -un) && ip link set {name} up.");

        WriteRequest(request, name, Tap | NoPacketInfo);
        int descriptor;
        fixed (byte* path = "/dev/net/tun\0"u8) descriptor = Libc.Open(path, Libc.OpenReadWrite | Libc.OpenNonBlocking | Libc.OpenCloseOnExec, 0);
        if (descriptor < 0) throw new IOException(DescribeOpen(Libc.Error));
        if (Libc.IoControl(descriptor, TunSetInterface, request) >= 0) return descriptor;
        int error = Libc.Error;
        Libc.Close(descriptor);
        throw new IOException(DescribeAttach(name, error));
    }

    /// <summary>The interface's MTU, asked of the system.</summary>
    /// <exception cref="IOException">The descriptor is no tap's, or the system does not tell.</exception>
    public static int ReadMtu(int descriptor)
    {
        byte* request = stackalloc byte[RequestSize];
        Identify(descriptor, request);
        int mtu = QueryMtu(request);
        return mtu >= 0 ? mtu : throw new IOException($"The MTU of '{ReadName(request)}' cannot be read: {Libc.Describe(Libc.Error)}.");
    }

    /// <summary>The interface's name.</summary>
    /// <exception cref="IOException">The descriptor is no tap's that we can use.</exception>
    public static string ReadName(int descriptor)
    {
        byte* request = stackalloc byte[RequestSize];
        Identify(descriptor, request);
        return ReadName(request);
    }

    private static void Identify(int descriptor, byte* request)
    {
        new Span<byte>(request, RequestSize).Clear();
        if (Libc.IoControl(descriptor, TunGetInterface, request) < 0)
            throw new IOException($"Descriptor {descriptor} is no tap's: {Libc.Describe(Libc.Error)}.");
        short flags = *(short*)(request + NameSize);
        if ((flags & Tap) == 0 || (flags & NoPacketInfo) == 0 || (flags & VnetHeader) != 0)
            throw new IOException($"Descriptor {descriptor} carries something else than plain Ethernet frames: it has to be opened with IFF_TAP and IFF_NO_PI, without IFF_VNET_HDR.");
    }

    /// <summary>The MTU of the interface that the request names, or -1.</summary>
    private static int QueryMtu(byte* request)
    {
        int socket = Libc.Socket(Libc.AfInet, Libc.SockDatagram | Libc.SockCloseOnExec, 0);
        if (socket < 0) return -1;
        int result = Libc.IoControl(socket, GetInterfaceMtu, request);
        int mtu = result < 0 ? -1 : *(int*)(request + NameSize);
        Libc.Close(socket);
        return mtu;
    }

    private static void WriteRequest(byte* request, string name, short flags)
    {
        var bytes = new Span<byte>(request, RequestSize);
        bytes.Clear();
        if (name.Length == 0 || Encoding.UTF8.GetByteCount(name) >= NameSize) throw new ArgumentException($"An interface's name has 1 to {NameSize - 1} octets; '{name}' does not.", nameof(name));
        Encoding.UTF8.GetBytes(name, bytes);
        *(short*)(request + NameSize) = flags;
    }

    private static string ReadName(byte* request) => Encoding.UTF8.GetString(new ReadOnlySpan<byte>(request, NameSize)).TrimEnd('\0');

    private static string DescribeOpen(int error) => error switch
    {
        Libc.ENoEnt or Libc.ENoDev => "This system has no /dev/net/tun; load the module with: modprobe tun.",
        Libc.EAcces or Libc.EPerm => "/dev/net/tun may not be opened; allow it with: chmod 666 /dev/net/tun.",
        _ => $"/dev/net/tun cannot be opened: {Libc.Describe(error)}.",
    };

    private static string DescribeAttach(string name, int error) => error switch
    {
        Libc.EPerm => $"'{name}' is another user's tap, or does not exist and making it needs CAP_NET_ADMIN; make it yours with: ip tuntap add {name} mode tap user $(id -un).",
        Libc.EBusy => $"'{name}' is in use by another program, or is no tap.",
        Libc.EInval => $"'{name}' is no tap interface, or was made with other flags.",
        _ => $"'{name}' cannot be attached: {Libc.Describe(error)}.",
    };
}
