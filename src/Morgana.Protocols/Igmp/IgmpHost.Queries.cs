using Morgana.Core;
using Morgana.Wire.Igmp;

namespace Morgana.Protocols.Igmp;

// What routers ask, and what other members say.
public sealed partial class IgmpHost
{
    // RFC 3376 8.3: how long others may take to answer the router whose silence is waited for.
    private static readonly TimeSpan s_responseInterval = TimeSpan.FromSeconds(10);

    /// <summary>Handles a message that begins at its IGMP header.</summary>
    /// <param name="bytes">All of it.</param>
    /// <param name="destination">Whom it was sent to.</param>
    /// <param name="timeToLive">Of its packet.</param>
    /// <param name="hasRouterAlert">Whether its packet has the option of RFC 2113.</param>
    /// <param name="now">The time.</param>
    /// <returns>Why it was ignored, or none. The octets stay the caller's, who counts.</returns>
    public DropReason HandleMessage(ReadOnlySpan<byte> bytes, Ipv4Address destination, byte timeToLive, bool hasRouterAlert, Instant now)
    {
        var reason = IgmpMessage.Parse(bytes, out var message);
        if (reason != DropReason.None) return reason;
        switch (message.Type)
        {
            case IgmpType.Query:
                return HandleQuery(bytes, destination, timeToLive, hasRouterAlert, now);
            case IgmpType.Version1Report or IgmpType.Version2Report:
                HandleReport(message.Group, now);
                return DropReason.None;
            // RFC 3376 5.2: what others say in version 3, or when they leave, is for routers.
            case IgmpType.Version3Report or IgmpType.Leave:
                return DropReason.None;
            default:
                return DropReason.UnknownIgmpType;
        }
    }

    private DropReason HandleQuery(ReadOnlySpan<byte> bytes, Ipv4Address destination, byte timeToLive, bool hasRouterAlert, Instant now)
    {
        var reason = IgmpQuery.Parse(bytes, out var query);
        if (reason != DropReason.None) return reason;
        // RFC 3376 4: a time to live of 1. 9.1: versions 2 and 3 come with a router alert, and to those whom they ask.
        if (timeToLive != 1 || (query.Version > 1 && !hasRouterAlert)) return DropReason.BadQuery;
        var asked = query.Group;
        if (asked.Value != 0 && (!asked.IsMulticast || query.Version == 1)) return DropReason.BadQuery;
        // RFC 3376 4.1.12: what was sent to one of our own addresses is taken as well.
        if (destination.IsMulticast && destination != (asked.Value == 0 ? IgmpAddress.AllSystems : asked)) return DropReason.BadQuery;
        if (_isSilent) return DropReason.None;
        Queries++;
        var most = TimeSpan.FromMilliseconds(100.0 * query.MaximumResponse);
        HearRouter(query, asked, now);
        if (Version < 3) AskOlder(asked, most, now);
        else if (asked.Value == 0) AskAll(most, now);
        else AskGroup(query, asked, most, now);
        return DropReason.None;
    }

    // RFC 3376 7.2.1: as long as a router of an older version may be there, its version is spoken. 4.1.6, 4.1.7: its numbers are taken over.
    private void HearRouter(in IgmpQuery query, Ipv4Address asked, Instant now)
    {
        if (query.Version == 3)
        {
            if (asked.Value == 0) (_robustness, _queryInterval) = (query.Robustness is var r and > 0 ? r : _options.Robustness, query.Interval is var s and > 0 ? s : 125);
        }
        else if (asked.Value == 0)
        {
            // 8.12: robustness times the interval, and a response.
            var until = now + (TimeSpan.FromSeconds(_robustness * (double)_queryInterval) + s_responseInterval);
            if (query.Version == 1) _version1Until = until;
            else _version2Until = until;
        }

        SettleVersion(now);
    }

    // RFC 3376 7.2.1: a change of version cancels what was to be said.
    private void SettleVersion(Instant now)
    {
        int version = now < _version1Until ? 1 : now < _version2Until ? 2 : 3;
        if (version == Version) return;
        Version = version;
        (_changesAt, _generalAt, _isGeneralDue) = (Instant.Never, Instant.Never, false);
        for (int i = _inOrder.Count - 1; i >= 0; i--)
        {
            var group = _inOrder[i];
            group.ForgetReports();
            ForgetIfOver(group);
        }
    }

    // RFC 3376 5.2, rules 1 and 2: one answer about everything, and the earlier one stays.
    private void AskAll(TimeSpan most, Instant now) => _generalAt = Instant.Min(_generalAt, now + Draw(most));

    // Rules 3 to 5.
    private void AskGroup(in IgmpQuery query, Ipv4Address asked, TimeSpan most, Instant now)
    {
        var at = now + Draw(most);
        if (_generalAt <= at || !_groups.TryGetValue(asked, out var group) || !IsReported(group)) return;
        bool isOpen = group.ResponseAt != Instant.Never;
        // Who asks for more sources than we would remember hears of the group.
        bool isWhole = query.SourceCount == 0 || (isOpen && group.Asked.Count == 0) || group.Asked.Count + query.SourceCount > _options.Sources;
        if (isWhole) group.Asked.Clear();
        for (int i = 0; i < query.SourceCount && !isWhole; i++)
            if (query.Source(i) is var source && !group.Asked.Contains(source)) group.Asked.Add(source);
        group.ResponseAt = Instant.Min(group.ResponseAt, at);
    }

    // RFC 2236 3: a timer for each group; one that runs is set anew only if it would come too late.
    private void AskOlder(Ipv4Address asked, TimeSpan most, Instant now)
    {
        foreach (var group in _inOrder)
        {
            if ((asked.Value != 0 && group.Group != asked) || !IsReported(group)) continue;
            if (group.ResponseAt > now + most) group.ResponseAt = now + Draw(most);
        }
    }

    // RFC 2236 3: somebody else has said it. In version 3 everybody speaks for himself.
    private void HandleReport(Ipv4Address reported, Instant now)
    {
        SettleVersion(now);
        if (Version == 3 || !_groups.TryGetValue(reported, out var group)) return;
        group.ForgetResponse();
        (group.Unsolicited, group.IsChangeDue, group.WasLastToReport) = (0, false, false);
    }

    private bool IsReported(GroupState group) => group.IsJoined && !_isSilent && group.Group != IgmpAddress.AllSystems;
}
