namespace Morgana.Protocols.Igmp;

/// <summary>Which sources of a group are taken (RFC 3376 2).</summary>
public enum FilterMode : byte
{
    /// <summary>Those that are named, alone.</summary>
    Include,

    /// <summary>All but those that are named.</summary>
    Exclude,
}

/// <summary>Limits and times of a host's groups.</summary>
public sealed record IgmpOptions
{
    /// <summary>Groups on one link, those included that were left a moment ago.</summary>
    public int Groups { get; init; } = 256;

    /// <summary>Sources that all sockets together name for one group on one link.</summary>
    public int Sources { get; init; } = 128;

    /// <summary>Groups of one socket: Linux's <c>igmp_max_memberships</c>.</summary>
    public int GroupsOfSocket { get; init; } = 20;

    /// <summary>Sources that one socket names for one group: Linux's <c>igmp_max_msf</c>.</summary>
    public int SourcesOfMembership { get; init; } = 10;

    /// <summary>How often a change is told, where no router says otherwise (RFC 3376 8.1).</summary>
    public int Robustness { get; init; } = 2;

    /// <summary>The longest time between two tellings of a change (RFC 3376 8.11).</summary>
    public TimeSpan ReportInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The same where the routers speak an older version (RFC 2236 8.10).</summary>
    public TimeSpan OlderReportInterval { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>Why a membership could not be changed.</summary>
public enum GroupError
{
    /// <summary>It was changed.</summary>
    None,

    /// <summary>The address is not a group's.</summary>
    NotAGroup,

    /// <summary>The socket is a member already.</summary>
    AlreadyMember,

    /// <summary>The socket is not a member.</summary>
    NotAMember,

    /// <summary>The socket takes sources of the group the other way: all but some, or some alone.</summary>
    OtherMode,

    /// <summary>The source is named already.</summary>
    SourceNamed,

    /// <summary>The source is not named.</summary>
    SourceNotNamed,

    /// <summary>A limit is reached.</summary>
    TooMany,
}
