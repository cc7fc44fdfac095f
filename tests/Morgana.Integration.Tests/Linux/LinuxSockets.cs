using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Morgana.Core;

namespace Morgana.Integration.Tests;

/// <summary>The kernel's own sockets in a namespace, used from this process: a socket stays in the namespace where it was made.</summary>
internal sealed partial class LinuxSockets(string name)
{
    private const int Packet = 17, Raw = 3;         // AF_PACKET, SOCK_RAW

    /// <summary>A listener; port 0 for a free one.</summary>
    public Socket Listen(ushort port = 0, int backlog = 128) => In(() =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Any, port));
        socket.Listen(backlog);
        return socket;
    });

    /// <summary>A TCP socket, not connected yet.</summary>
    public Socket Tcp() => In(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });

    /// <summary>A bound UDP socket.</summary>
    public Socket Udp() => In(() =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        return socket;
    });

    /// <summary>Puts whole frames on an interface of the namespace, whatever is in them.</summary>
    public FrameSender Frames(string interfaceName) => In(() =>
    {
        int descriptor = OpenSocket(Packet, Raw, 0);
        Assert.True(descriptor >= 0, $"a packet socket: error {Marshal.GetLastPInvokeError()}");
        var sender = new FrameSender(new SafeFileHandle(descriptor, ownsHandle: true));
        Span<byte> address = stackalloc byte[20];
        address.Clear();
        MemoryMarshal.Write(address, (ushort)Packet);
        MemoryMarshal.Write(address[4..], FindInterface(interfaceName));
        Assert.True(Bind(descriptor, address, address.Length) == 0, $"bind to {interfaceName}: error {Marshal.GetLastPInvokeError()}");
        return sender;
    });

    private T In<T>(Func<T> make) => NetworkNamespace.In(name, make);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int OpenSocket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int Bind(int descriptor, ReadOnlySpan<byte> address, int length);

    [LibraryImport("libc", EntryPoint = "if_nametoindex", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int FindInterface(string name);

    /// <summary>Sends frames. A full queue of the interface loses them, as a wire would.</summary>
    internal sealed partial class FrameSender(SafeFileHandle handle) : IDisposable
    {
        public void Send(byte[] frame) => Write(handle, frame, frame.Length, 0);

        public void Dispose() => handle.Dispose();

        [LibraryImport("libc", EntryPoint = "send")]
        private static partial nint Write(SafeFileHandle handle, byte[] data, nint length, int flags);
    }
}
