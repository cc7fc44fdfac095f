using System.Runtime.CompilerServices;
using Morgana.Files;

namespace Morgana.SystemNative;

/// <summary>Sockets that have a path are found in the program's files: bind makes a node, and unlink takes it away.</summary>
internal sealed class SocketNodes : ISocketNodes
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Inode, UnixSocket> _sockets = [];

    // Before the program's first call, whichever it is: an image has no other beginning that is ours.
#pragma warning disable CA2255
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Use() => UnixNames.Nodes = new SocketNodes();

    public Error Create(ReadOnlySpan<byte> path, UnixSocket socket)
    {
        var error = ProgramFiles.Tree.MakeSocket(path, out var node);
        // unix_bind of Linux: an address is in use, where a file exists.
        if (error != Errno.None) return error == Errno.EEXIST ? Error.EADDRINUSE : error.ToError();
        lock (_gate) _sockets[node!] = socket;
        return Error.Success;
    }

    public Error Find(ReadOnlySpan<byte> path, out UnixSocket? socket)
    {
        socket = null;
        var error = ProgramFiles.Tree.FindSocket(path, out var node);
        if (error != Errno.None) return error.ToError();
        // What is no socket, and a socket that is closed, look the same from here.
        lock (_gate) return _sockets.TryGetValue(node!, out socket) ? Error.Success : Error.ECONNREFUSED;
    }

    // The node stays when its socket is closed: that is whose it is who made it.
    public void Release(ReadOnlySpan<byte> path, UnixSocket socket, bool wasBound)
    {
        Inode? made = null;
        if (!wasBound)
        {
            ProgramFiles.Tree.FindSocket(path, out made);
            ProgramFiles.Tree.Unlink(path);
        }

        lock (_gate)
            foreach (var (node, owner) in _sockets)
                if (owner == socket && (wasBound || node.Equals(made))) _sockets.Remove(node);
    }
}
