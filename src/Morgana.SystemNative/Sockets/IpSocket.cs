using Morgana.Core;
using Morgana.Network;
using Morgana.Protocols.Igmp;
using Morgana.Sockets;

namespace Morgana.SystemNative;

/// <summary>A socket of the Internet protocols: its names are endpoints.</summary>
internal abstract class IpSocket(NetworkLoop loop) : OwnSocket(loop)
{
    public sealed override int Family => SocketAddress.Ipv4;

    /// <summary>The groups that it is a member of; null until it joins the first. In a turn.</summary>
    public GroupMemberships? Groups { get; private set; }

    /// <summary>The same, made where there are none yet.</summary>
    public GroupMemberships MakeGroups(NetworkStack stack) => Groups ??= stack.CreateMemberships();

    /// <summary>The link that <c>IP_MULTICAST_IF</c> names; null: as routes say.</summary>
    protected int? GroupLink => Options.MulticastInterface switch
    {
        0 => null,
        HostInterfaces.LoopbackIndex => NetworkStack.LoopbackLink,
        int index => index - HostInterfaces.FirstIndex,
    };

    /// <summary>The address that <c>IP_MULTICAST_IF</c> names, or null.</summary>
    protected Ipv4Address? GroupSource => Options.MulticastAddress.Value == 0 ? null : Options.MulticastAddress;

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

    /// <summary>The address to speak from to <paramref name="to"/>.</summary>
    protected bool TrySelectSource(IpAddress to, in LoopTurn turn, out IpAddress source)
    {
        if (!to.IsMulticast) return turn.Stack.TrySelectSource(to, out source, out _);
        if (!turn.Stack.TrySelectGroupSource(to.Ipv4, GroupLink, out source, out _)) return false;
        if (GroupSource is { } named) source = named;
        return true;
    }

    /// <summary>ip_mc_drop_socket of Linux: memberships go with their socket.</summary>
    protected void LeaveGroups(Instant now) => Groups?.Clear(now);
}
