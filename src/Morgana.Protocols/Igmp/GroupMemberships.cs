using Morgana.Core;

namespace Morgana.Protocols.Igmp;

/// <summary>One socket in one group on one link, and the sources that it takes.</summary>
internal sealed class GroupMembership(IgmpHost link, Ipv4Address group, FilterMode mode)
{
    public IgmpHost Link => link;

    public Ipv4Address Group => group;

    public FilterMode Mode { get; set; } = mode;

    public List<Ipv4Address> Sources { get; } = [];

    public bool Takes(Ipv4Address source) => Sources.Contains(source) == (Mode == FilterMode.Include);
}

/// <summary>The groups that one socket is a member of (RFC 3376 2 and 3.1, with Linux's rules where the RFC leaves them open). Loop's thread only.</summary>
/// <remarks>Whoever makes one empties it with <see cref="Clear"/> when its socket is gone.</remarks>
/// <param name="options">Limits.</param>
public sealed class GroupMemberships(IgmpOptions options)
{
    private readonly List<GroupMembership> _memberships = [];

    /// <summary>How many groups the socket is a member of; a group on two links counts twice.</summary>
    public int Count => _memberships.Count;

    /// <summary>Becomes a member, whoever sends.</summary>
    public GroupError Join(IgmpHost link, Ipv4Address group, Instant now) => Add(link, group, FilterMode.Exclude, now);

    /// <summary>Leaves.</summary>
    public GroupError Leave(IgmpHost link, Ipv4Address group, Instant now)
    {
        if (Find(link.Index, group) is not { } membership) return GroupError.NotAMember;
        Remove(membership, now);
        return GroupError.None;
    }

    /// <summary>Leaves on whichever link the socket is a member.</summary>
    public GroupError Leave(Ipv4Address group, Instant now)
    {
        int at = _memberships.FindIndex(m => m.Group == group);
        if (at < 0) return GroupError.NotAMember;
        Remove(_memberships[at], now);
        return GroupError.None;
    }

    /// <summary>Takes what <paramref name="source"/> sends to the group, and nothing of those that were not named. The first one joins.</summary>
    public GroupError AddSource(IgmpHost link, Ipv4Address group, Ipv4Address source, Instant now)
    {
        var error = Add(link, group, FilterMode.Include, now);
        return error is GroupError.None or GroupError.AlreadyMember ? Name(link, group, FilterMode.Include, source, now) : error;
    }

    /// <summary>Takes nothing of <paramref name="source"/> any more. The last one leaves.</summary>
    public GroupError DropSource(IgmpHost link, Ipv4Address group, Ipv4Address source, Instant now) => Unname(link, group, FilterMode.Include, source, now);

    /// <summary>Of a group that was joined: takes nothing of <paramref name="source"/>.</summary>
    public GroupError Block(IgmpHost link, Ipv4Address group, Ipv4Address source, Instant now) => Name(link, group, FilterMode.Exclude, source, now);

    /// <summary>Takes again what <see cref="Block"/> has shut out.</summary>
    public GroupError Unblock(IgmpHost link, Ipv4Address group, Ipv4Address source, Instant now) => Unname(link, group, FilterMode.Exclude, source, now);

    /// <summary>Leaves all groups.</summary>
    public void Clear(Instant now)
    {
        while (_memberships.Count > 0) Remove(_memberships[^1], now);
    }

    /// <summary>Whether the socket is a member of the group on the link.</summary>
    public bool IsMember(int link, Ipv4Address group) => Find(link, group) is not null;

    /// <summary>Whether the socket wants what <paramref name="source"/> sends to the group: also if it is no member, but its host is (Linux's <c>IP_MULTICAST_ALL</c>).</summary>
    public bool Takes(int link, Ipv4Address group, Ipv4Address source) => Find(link, group) is not { } membership || membership.Takes(source);

    private GroupMembership? Find(int link, Ipv4Address group)
    {
        foreach (var membership in _memberships)
            if (membership.Group == group && membership.Link.Index == link) return membership;
        return null;
    }

    private GroupError Add(IgmpHost link, Ipv4Address group, FilterMode mode, Instant now)
    {
        if (!group.IsMulticast) return GroupError.NotAGroup;
        if (Find(link.Index, group) is not null) return GroupError.AlreadyMember;
        if (_memberships.Count >= options.GroupsOfSocket) return GroupError.TooMany;
        var membership = new GroupMembership(link, group, mode);
        if (!link.TryAdd(membership, now)) return GroupError.TooMany;
        _memberships.Add(membership);
        return GroupError.None;
    }

    private void Remove(GroupMembership membership, Instant now)
    {
        _memberships.Remove(membership);
        membership.Link.Remove(membership, now);
    }

    // ip_mc_source of Linux, as are the errors: the mode may change only as long as no source is named.
    private GroupError Name(IgmpHost link, Ipv4Address group, FilterMode mode, Ipv4Address source, Instant now)
    {
        if (!group.IsMulticast) return GroupError.NotAGroup;
        if (Find(link.Index, group) is not { } membership) return GroupError.NotAMember;
        if (membership.Mode != mode && membership.Sources.Count > 0) return GroupError.OtherMode;
        if (membership.Sources.Count >= options.SourcesOfMembership || !link.HasRoomForSource(group)) return GroupError.TooMany;
        membership.Mode = mode;
        bool isNamed = membership.Sources.Contains(source);
        if (!isNamed) membership.Sources.Add(source);
        link.Update(group, now);
        return isNamed ? GroupError.SourceNamed : GroupError.None;
    }

    private GroupError Unname(IgmpHost link, Ipv4Address group, FilterMode mode, Ipv4Address source, Instant now)
    {
        if (!group.IsMulticast) return GroupError.NotAGroup;
        if (Find(link.Index, group) is not { } membership) return GroupError.NotAMember;
        if (membership.Mode != mode)
        {
            if (membership.Sources.Count > 0) return GroupError.OtherMode;
            membership.Mode = mode;
            link.Update(group, now);
        }

        if (!membership.Sources.Contains(source)) return GroupError.SourceNotNamed;
        // RFC 3376 3.1: to take none but those of an empty list is to leave.
        if (mode == FilterMode.Include && membership.Sources.Count == 1)
        {
            Remove(membership, now);
            return GroupError.None;
        }

        membership.Sources.Remove(source);
        link.Update(group, now);
        return GroupError.None;
    }
}
