using Morgana.Core;
using Morgana.Protocols.Ip;
using Morgana.Wire.Igmp;

namespace Morgana.Protocols.Igmp;

/// <summary>IGMP of a host on one link (RFC 3376; with routers that speak less, RFC 2236 and RFC 1112): which groups it takes, and what it tells routers and switches of them. Loop's thread only.</summary>
/// <remarks>Messages come in by <see cref="HandleMessage"/>; those that go out are polled with <see cref="TryTransmit"/>. Delays are drawn from the host's secret.</remarks>
public sealed partial class IgmpHost
{
    private readonly IgmpOptions _options;
    private readonly KeyedHash _hash;
    private readonly bool _isSilent;
    private readonly Dictionary<Ipv4Address, GroupState> _groups = [];
    private readonly List<GroupState> _inOrder = [];
    private ulong _draws;
    private int _robustness;
    private int _queryInterval = 125;           // RFC 3376 8.2, in seconds.
    private Instant _changesAt = Instant.Never;
    private Instant _generalAt = Instant.Never;
    private Instant _version1Until = Instant.Zero;
    private Instant _version2Until = Instant.Zero;

    /// <summary>A link without groups.</summary>
    /// <param name="index">The link's number.</param>
    /// <param name="options">Limits and times.</param>
    /// <param name="hash">Where delays are drawn from.</param>
    /// <param name="isSilent">Whether nobody is told: on the link of the host to itself.</param>
    public IgmpHost(int index, IgmpOptions options, KeyedHash hash, bool isSilent = false)
    {
        Index = index;
        _options = options;
        _hash = hash;
        _isSilent = isSilent;
        _robustness = options.Robustness;
    }

    /// <summary>The link's number.</summary>
    public int Index { get; }

    /// <summary>Groups that are known: joined, or left and not told often enough yet.</summary>
    public int Count => _inOrder.Count;

    /// <summary>The version that is spoken: 3, unless a router that speaks less was heard lately (RFC 3376 7.2.1).</summary>
    public int Version { get; private set; } = 3;

    /// <summary>Queries that were taken.</summary>
    public long Queries { get; private set; }

    /// <summary>Messages that were sent.</summary>
    public long Sent { get; private set; }

    /// <summary>The groups that are joined, with the number of sockets in each. Allocates; not for the packet path.</summary>
    public IReadOnlyList<(Ipv4Address Group, int Sockets)> Joined
    {
        get
        {
            List<(Ipv4Address Group, int Sockets)> joined = [];
            foreach (var group in _inOrder)
                if (group.IsJoined) joined.Add((group.Group, group.Members.Count));
            return joined;
        }
    }

    /// <summary>When <see cref="HandleTimeouts"/> is to be called.</summary>
    public Instant NextTimeout
    {
        get
        {
            var next = Instant.Min(_changesAt, _generalAt);
            // The end of an older version's time needs no timer: it is looked at when something is said.
            foreach (var group in _inOrder) next = Instant.Min(next, group.ResponseAt);
            return next;
        }
    }

    /// <summary>Whether what <paramref name="source"/> sends to the group is for this host (RFC 1112 7.2). Everybody is in the group of all systems.</summary>
    public bool Takes(Ipv4Address group, Ipv4Address source) =>
        group == IgmpAddress.AllSystems || (_groups.TryGetValue(group, out var state) && state.Takes(source));

    /// <summary>What is due becomes output.</summary>
    public void HandleTimeouts(Instant now)
    {
        if (NextTimeout > now) return;
        _mayHaveOutput = true;
        if (_changesAt <= now)
        {
            _changesAt = Instant.Never;
            foreach (var group in _inOrder) group.IsChangeDue |= group.HasChanges || group.Unsolicited > 0;
        }

        if (_generalAt <= now)
        {
            _generalAt = Instant.Never;
            _isGeneralDue = true;
            _generalNext = 0;
        }

        foreach (var group in _inOrder)
        {
            if (group.ResponseAt > now) continue;
            group.ResponseAt = Instant.Never;
            group.IsResponseDue = true;
        }
    }

    internal bool TryAdd(GroupMembership membership, Instant now)
    {
        if (!_groups.TryGetValue(membership.Group, out var group))
        {
            if (_inOrder.Count >= _options.Groups) return false;
            _groups.Add(membership.Group, group = new(membership.Group));
            _inOrder.Add(group);
        }

        group.Members.Add(membership);
        Update(group, now);
        return true;
    }

    internal void Remove(GroupMembership membership, Instant now)
    {
        var group = _groups[membership.Group];
        group.Members.Remove(membership);
        Update(group, now);
    }

    internal bool HasRoomForSource(Ipv4Address group) => _groups[group].Members.Sum(m => m.Sources.Count) < _options.Sources;

    /// <summary>The sockets' wishes for a group have changed.</summary>
    internal void Update(Ipv4Address group, Instant now) => Update(_groups[group], now);

    private void Update(GroupState group, Instant now)
    {
        SettleVersion(now);
        _mayHaveOutput = true;
        bool wasJoined = group.IsJoined;
        var (mode, sources) = group.Merge();
        bool hasChanged = group.Change(mode, sources, _robustness, _options.Sources);
        // RFC 3376 5: nothing is ever said of the group of all systems.
        if (_isSilent || group.Group == IgmpAddress.AllSystems) group.ForgetReports();
        else if (Version < 3) UpdateOlder(group, wasJoined);
        else if (hasChanged) group.IsChangeDue = true;
        if (!group.IsJoined) group.ForgetResponse();
        ForgetIfOver(group);
    }

    // RFC 2236 3: who joins tells at once and again later; who leaves tells if he was the last who reported. Version 1 has no word for it.
    private void UpdateOlder(GroupState group, bool wasJoined)
    {
        bool wasLast = group.WasLastToReport;
        group.ModeChanges = 0;
        group.SourceChanges.Clear();
        if (wasJoined == group.IsJoined) return;
        group.ForgetReports();
        if (group.IsJoined) (group.Unsolicited, group.IsChangeDue) = (_robustness, true);
        else group.IsLeaveDue = Version == 2 && wasLast;
    }

    private void ForgetIfOver(GroupState group)
    {
        if (!group.IsOver || group.IsJoined) return;
        _groups.Remove(group.Group);
        _inOrder.Remove(group);
    }

    // Up to, and never beyond.
    private TimeSpan Draw(TimeSpan most) => most.Ticks <= 0 ? TimeSpan.Zero : new((long)(_hash.Of(_draws++, (ulong)Index) % (ulong)(most.Ticks + 1)));
}
