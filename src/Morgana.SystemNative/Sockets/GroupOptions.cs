using System.Runtime.InteropServices;
using Morgana.Core;
using Morgana.Network;
using Morgana.Protocols.Igmp;

namespace Morgana.SystemNative;

/// <summary>The options of groups, ip(7): what do_ip_setsockopt and ip_mc_join_group of Linux make of them, by .NET's names.</summary>
internal static class GroupOptions
{
    public const int Interface = 9;
    public const int Join = 12;
    public const int Leave = 13;

    /// <summary>Octets of a <c>struct ip_mreqn</c>: group, address, index of an interface; and of a <c>struct ip_mreq_source</c>: group, address, source.</summary>
    public const int RequestSize = 12;

    private const int AddSource = 15, DropSource = 16, BlockSource = 17, UnblockSource = 18;
    private const int ShortRequestSize = 8;         // struct ip_mreq, without the index

    /// <summary>Whether an option of the level of IP is one of these.</summary>
    public static bool IsOne(int name) => name is Interface or Join or Leave or (>= AddSource and <= UnblockSource);

    public static Error Set(OwnSocket socket, int name, ReadOnlySpan<byte> value)
    {
        if (socket is not IpSocket ip) return Error.ENOTSUP;
        using var turn = HostNetwork.Loop.TakeTurn();
        var error = name switch
        {
            Interface => SetInterface(ip, value, turn.Stack),
            Join or Leave => SetMembership(ip, name, value, turn.Stack, turn.Now),
            _ => SetSource(ip, name, value, turn.Stack, turn.Now),
        };
        if (error == Error.Success) ip.HandleOptionsChanged(turn.Now);
        return error;
    }

    private static Error SetInterface(IpSocket socket, ReadOnlySpan<byte> value, NetworkStack stack)
    {
        if (socket is TcpSocket || value.Length < Ipv4Address.Size) return Error.EINVAL;
        // As long as the option is, so much it says: an address, a group before it, an index behind it.
        int index = value.Length >= RequestSize ? MemoryMarshal.Read<int>(value[8..]) : 0;
        var address = Ipv4Address.Read(value.Length >= ShortRequestSize ? value[4..] : value);
        if (index != 0)
        {
            if (Find(stack, default, default, index) is null) return Error.EADDRNOTAVAIL;
        }
        else if (address.Value != 0)
        {
            if (!stack.TryFindGroups(address, out var groups)) return Error.EADDRNOTAVAIL;
            index = IndexOf(groups);
        }

        (socket.Options.MulticastInterface, socket.Options.MulticastAddress) = (index, address);
        return Error.Success;
    }

    private static Error SetMembership(IpSocket socket, int name, ReadOnlySpan<byte> value, NetworkStack stack, Instant now)
    {
        if (socket is TcpSocket) return Error.EPROTO;
        if (value.Length < ShortRequestSize) return Error.EINVAL;
        Ipv4Address group = Ipv4Address.Read(value), address = Ipv4Address.Read(value[4..]);
        int index = value.Length >= RequestSize ? MemoryMarshal.Read<int>(value[8..]) : 0;
        var link = Find(stack, group, address, index);
        if (name == Join)
        {
            if (!group.IsMulticast) return Error.EINVAL;
            return link is null ? Error.ENODEV : ToError(socket.MakeGroups(stack).Join(link, group, now), Error.EADDRINUSE);
        }

        if (link is null) return address.Value == 0 && index == 0 ? Error.ENODEV : Error.EADDRNOTAVAIL;
        return socket.Groups is { } groups ? ToError(groups.Leave(link, group, now), Error.EADDRNOTAVAIL) : Error.EADDRNOTAVAIL;
    }

    private static Error SetSource(IpSocket socket, int name, ReadOnlySpan<byte> value, NetworkStack stack, Instant now)
    {
        if (value.Length != RequestSize) return Error.EINVAL;
        Ipv4Address group = Ipv4Address.Read(value), address = Ipv4Address.Read(value[4..]), source = Ipv4Address.Read(value[8..]);
        if (!group.IsMulticast) return Error.EINVAL;
        if (Find(stack, group, address, 0) is not { } link) return Error.ENODEV;
        var groups = socket.MakeGroups(stack);
        return ToError(name switch
        {
            AddSource => groups.AddSource(link, group, source, now),
            DropSource => groups.DropSource(link, group, source, now),
            BlockSource => groups.Block(link, group, source, now),
            _ => groups.Unblock(link, group, source, now),
        }, Error.EINVAL);
    }

    // ip_mc_find_dev of Linux: by index, else by address, else as routes say.
    private static IgmpHost? Find(NetworkStack stack, Ipv4Address group, Ipv4Address address, int index)
    {
        if (index == HostInterfaces.LoopbackIndex) return stack.LoopbackGroups;
        if (index != 0) return stack.Interfaces.FirstOrDefault(i => i.Index == index - HostInterfaces.FirstIndex && i.Addresses.Length > 0)?.Groups;
        bool has = address.Value != 0 ? stack.TryFindGroups(address, out var groups) : stack.TryRouteGroups(group, out groups);
        return has ? groups : null;
    }

    private static int IndexOf(IgmpHost link) => link.Index == NetworkStack.LoopbackLink ? HostInterfaces.LoopbackIndex : HostInterfaces.FirstIndex + link.Index;

    // ip_mc_source tells apart what the membership's own calls do not: whoever is no member asks for what is impossible.
    private static Error ToError(GroupError error, Error notMember) => error switch
    {
        GroupError.None => Error.Success,
        GroupError.AlreadyMember => Error.EADDRINUSE,
        GroupError.NotAMember => notMember,
        GroupError.SourceNamed or GroupError.SourceNotNamed => Error.EADDRNOTAVAIL,
        GroupError.TooMany => Error.ENOBUFS,
        _ => Error.EINVAL,
    };
}
