using Morgana.Core;
using Morgana.Sockets;

namespace Morgana.SystemNative;

/// <summary>A socket of the Internet protocols: its names are endpoints.</summary>
internal abstract class IpSocket(NetworkLoop loop) : OwnSocket(loop)
{
    public sealed override int Family => SocketAddress.Ipv4;

    public abstract Error Bind(IpEndpoint local);

    public abstract Error Connect(IpEndpoint remote);

    public abstract Error GetLocal(out IpEndpoint local);

    public abstract Error GetPeer(out IpEndpoint peer);

    public override Error Bind(ReadOnlySpan<byte> address)
    {
        var error = SocketAddress.Read(address, out var local);
        // inet_bind of Linux: old programs leave the family out of "any address".
        if (error == Error.EAFNOSUPPORT && SocketAddress.TryReadUnspecified(address, out local)) error = Error.Success;
        return error != Error.Success ? error : Bind(local);
    }

    public override Error Connect(ReadOnlySpan<byte> address)
    {
        var error = SocketAddress.ReadFamily(address, out ushort family);
        if (error != Error.Success) return error;
        if (family == SocketAddress.Unspecified) return Disconnect();
        error = SocketAddress.Read(address, out var remote);
        return error != Error.Success ? error : Connect(remote);
    }

    public override Error GetLocal(Span<byte> address, out int length)
    {
        var error = GetLocal(out IpEndpoint local);
        length = error == Error.Success ? SocketAddress.Write(local, address) : 0;
        return error;
    }

    public override Error GetPeer(Span<byte> address, out int length)
    {
        var error = GetPeer(out IpEndpoint peer);
        length = error == Error.Success ? SocketAddress.Write(peer, address) : 0;
        return error;
    }

    public override Error ReadDestination(ReadOnlySpan<byte> address, ref Message message)
    {
        var error = SocketAddress.Read(address, out var remote);
        if (error == Error.Success) message.To = remote;
        return error;
    }
}
