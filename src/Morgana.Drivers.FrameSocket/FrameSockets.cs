using System.Text;
using Morgana.Devices.Linux;

namespace Morgana.Drivers.FrameSocket;

/// <summary>Makes unix stream sockets for frames, as descriptors: for a runner that hands one end to another process.</summary>
public static unsafe class FrameSockets
{
    /// <summary>Two connected sockets. Neither is inherited by child processes until <see cref="SetInheritable"/>.</summary>
    public static (int First, int Second) CreatePair()
    {
        int* pair = stackalloc int[2];
        if (Libc.SocketPair(Libc.AfUnix, Libc.SockStream | Libc.SockCloseOnExec, 0, pair) < 0) throw Failure("No pair of sockets could be made");
        return (pair[0], pair[1]);
    }

    /// <summary>Connects to the socket at <paramref name="path"/>, such as that of a QEMU which listens.</summary>
    /// <exception cref="IOException">Nobody listens there, or it may not be used.</exception>
    public static int Connect(string path)
    {
        int socket = Create();
        byte[] address = Address(path);
        fixed (byte* p = address)
        {
            if (Libc.Connect(socket, p, (uint)address.Length) == 0) return socket;
        }

        var failure = Failure($"'{path}' cannot be connected to");
        Libc.Close(socket);
        throw failure;
    }

    /// <summary>Says whether child processes inherit a descriptor.</summary>
    public static void SetInheritable(int descriptor, bool inheritable = true)
    {
        if (Libc.Control(descriptor, Libc.SetDescriptorFlags, inheritable ? 0 : Libc.CloseOnExec) < 0)
            throw Failure($"Descriptor {descriptor} cannot be changed");
    }

    /// <summary>Closes a descriptor that no device owns yet, or the runner's copy of one that its child has inherited.</summary>
    public static void Close(int descriptor) => Libc.Close(descriptor);

    internal static int Create()
    {
        int socket = Libc.Socket(Libc.AfUnix, Libc.SockStream | Libc.SockCloseOnExec, 0);
        return socket >= 0 ? socket : throw Failure("No socket could be made");
    }

    /// <summary>struct sockaddr_un: the family in the machine's order, the path, and a zero.</summary>
    internal static byte[] Address(string path)
    {
        byte[] address = new byte[2 + Encoding.UTF8.GetByteCount(path) + 1];
        if (path.Length == 0 || address.Length > 110) throw new ArgumentException($"A socket's path has 1 to 107 octets; '{path}' has {address.Length - 3}.", nameof(path));
        address[0] = Libc.AfUnix;
        Encoding.UTF8.GetBytes(path, address.AsSpan(2));
        return address;
    }

    internal static IOException Failure(string what) => new($"{what}: {Libc.Describe(Libc.Error)}.");
}
