using Morgana.Core;

namespace Morgana.Protocols.Igmp;

/// <summary>A group on a link: what all sockets together take of it, and what is to be said about it.</summary>
internal sealed class GroupState(Ipv4Address group)
{
    public Ipv4Address Group => group;

    public List<GroupMembership> Members { get; } = [];

    /// <summary>The link's filter (RFC 3376 3.2); to include nothing is not to be a member.</summary>
    public FilterMode Mode { get; private set; }

    public List<Ipv4Address> Sources { get; private set; } = [];

    public bool IsJoined => Mode == FilterMode.Exclude || Sources.Count > 0;

    /// <summary>Reports of a change of mode that are still to be sent (RFC 3376 5.1).</summary>
    public int ModeChanges { get; set; }

    /// <summary>Sources whose change is still to be told, and how often.</summary>
    public List<(Ipv4Address Source, int Reports)> SourceChanges { get; } = [];

    /// <summary>Whether a change is to be told now.</summary>
    public bool IsChangeDue { get; set; }

    /// <summary>When a query for this group is answered; never if none is open.</summary>
    public Instant ResponseAt { get; set; } = Instant.Never;

    /// <summary>Whether a query is to be answered now.</summary>
    public bool IsResponseDue { get; set; }

    /// <summary>The sources that were asked for; none: the whole group was.</summary>
    public List<Ipv4Address> Asked { get; } = [];

    /// <summary>Older versions: reports of joining that are still to be sent.</summary>
    public int Unsolicited { get; set; }

    /// <summary>Version 2: whether nobody has reported since we did, so that leaving is ours to tell.</summary>
    public bool WasLastToReport { get; set; }

    /// <summary>Version 2: whether leaving is to be told now.</summary>
    public bool IsLeaveDue { get; set; }

    /// <summary>Whether there is any change left to tell.</summary>
    public bool HasChanges => ModeChanges > 0 || SourceChanges.Count > 0;

    /// <summary>Whether nothing is known or to be said of it any more.</summary>
    public bool IsOver => Members.Count == 0 && !HasChanges && !IsChangeDue && !IsLeaveDue;

    public bool Takes(Ipv4Address source) => Sources.Contains(source) == (Mode == FilterMode.Include);

    /// <summary>Merges what the sockets want (RFC 3376 3.2).</summary>
    public (FilterMode Mode, List<Ipv4Address> Sources) Merge()
    {
        var merged = new List<Ipv4Address>();
        bool isExclude = false;
        foreach (var member in Members)
        {
            if (member.Mode != FilterMode.Exclude) continue;
            if (!isExclude) merged.AddRange(member.Sources);
            else merged.RemoveAll(s => !member.Sources.Contains(s));
            isExclude = true;
        }

        foreach (var member in Members)
        {
            if (member.Mode != FilterMode.Include) continue;
            if (isExclude) merged.RemoveAll(member.Sources.Contains);
            else merged.AddRange(member.Sources.FindAll(s => !merged.Contains(s)));
        }

        return (isExclude ? FilterMode.Exclude : FilterMode.Include, merged);
    }

    /// <summary>Takes a new filter, and notes what has changed (RFC 3376 5.1).</summary>
    /// <returns>Whether anything has.</returns>
    public bool Change(FilterMode mode, List<Ipv4Address> sources, int robustness, int mostChanges)
    {
        bool hasChanged;
        if (mode != Mode)
        {
            ModeChanges = robustness;
            // The whole list goes with a change of mode.
            SourceChanges.Clear();
            hasChanged = true;
        }
        else
        {
            hasChanged = NoteSources(Sources, sources, robustness) | NoteSources(sources, Sources, robustness);
            if (SourceChanges.Count > mostChanges)
            {
                // Whoever changes his mind that fast tells everything anew.
                ModeChanges = robustness;
                SourceChanges.Clear();
            }
        }

        (Mode, Sources) = (mode, sources);
        return hasChanged;
    }

    /// <summary>Forgets what was to be told.</summary>
    public void ForgetReports()
    {
        (ModeChanges, Unsolicited, IsChangeDue, IsResponseDue, IsLeaveDue) = (0, 0, false, false, false);
        SourceChanges.Clear();
        ForgetResponse();
    }

    public void ForgetResponse()
    {
        ResponseAt = Instant.Never;
        IsResponseDue = false;
        Asked.Clear();
    }

    private bool NoteSources(List<Ipv4Address> of, List<Ipv4Address> without, int robustness)
    {
        bool any = false;
        foreach (var source in of)
        {
            if (without.Contains(source)) continue;
            any = true;
            SourceChanges.RemoveAll(c => c.Source == source);
            SourceChanges.Add((source, robustness));
        }

        return any;
    }
}
