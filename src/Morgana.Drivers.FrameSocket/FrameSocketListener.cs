using System.Text;
using Morgana.Devices.Linux;

namespace Morgana.Drivers.FrameSocket;

/// <summary>A unix socket at a path to which virtual machines connect: <c>qemu … -netdev stream,addr.type=unix,addr.path=PATH,server=off</c>.</summary>
/// <remarks>The socket file is made new, with the process's umask, and removed on disposal. One thread accepts; any may dispose.</remarks>
public sealed unsafe class FrameSocketListener : IDisposable
{
    private readonly WaitPoint _wait = new();
    private readonly byte[] _unlinkPath;
    private int _socket;
    private volatile bool _disposed;

    /// <summary>Listens at <paramref name="path"/>.</summary>
    /// <exception cref="IOException">The path is taken, or may not be written.</exception>
    public FrameSocketListener(string path)
    {
        Path = path;
        byte[] address = FrameSockets.Address(path);
        _unlinkPath = Encoding.UTF8.GetBytes(path + '\0');
        _socket = FrameSockets.Create();
        int result;
        fixed (byte* p = address) result = Libc.Bind(_socket, p, (uint)address.Length);
        if (result == 0) result = Libc.Listen(_socket, 16);
        if (result == 0) return;
        var failure = FrameSockets.Failure($"'{path}' cannot be listened at");
        Libc.Close(_socket);
        _wait.Dispose();
        throw failure;
    }

    /// <summary>Where the socket is.</summary>
    public string Path { get; }

    /// <summary>Waits for a peer.</summary>
    /// <param name="timeout">How long; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <returns>The connection's descriptor, for <see cref="FrameSocketDevice.FromDescriptor"/>; -1 when nobody came or the listener was disposed of.</returns>
    public int Accept(TimeSpan timeout)
    {
        if (_disposed || _wait.Wait(_socket, Libc.PollIn, timeout) == 0 || _disposed) return -1;
        int accepted = Libc.Accept(_socket, null, null, Libc.SockCloseOnExec);
        return accepted >= 0 ? accepted : throw FrameSockets.Failure($"'{Path}' accepts nobody");
    }

    /// <summary>Stops listening and removes the socket's file. A thread that accepts returns with -1 at its next wake.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _wait.Wake();
        int socket = Interlocked.Exchange(ref _socket, -1);
        fixed (byte* p = _unlinkPath) Libc.Unlink(p);
        Libc.Close(socket);
        _wait.Dispose();
    }
}
