using System.Runtime.InteropServices;
using Morgana.Core;
using Morgana.Wire.Igmp;

namespace Morgana.Protocols.Igmp;

// What is told.
public sealed partial class IgmpHost
{
    private readonly List<Ipv4Address> _told = [];
    private bool _mayHaveOutput;        // Not whenever it is true, but whenever there is any.
    private bool _isGeneralDue;
    private int _generalNext;

    /// <summary>Whether <see cref="TryTransmit"/> has something to say.</summary>
    public bool HasOutput
    {
        get
        {
            if (!_mayHaveOutput) return false;
            if (_isGeneralDue) return true;
            foreach (var group in _inOrder)
                if (group.IsChangeDue || group.IsResponseDue || group.IsLeaveDue) return true;
            return false;
        }
    }

    /// <summary>Writes the next message. It is sent with a time to live of 1 and a router alert (RFC 3376 4).</summary>
    /// <param name="bytes">As many octets as a packet of the link carries behind its IP header; at least 44 (RFC 791).</param>
    /// <param name="now">The time.</param>
    /// <param name="length">Octets of the message.</param>
    /// <param name="to">Whom it is for.</param>
    /// <returns>False: nothing is to be said.</returns>
    public bool TryTransmit(Span<byte> bytes, Instant now, out int length, out Ipv4Address to)
    {
        SettleVersion(now);
        bool any = Version < 3 ? TryWriteOlder(bytes, now, out length, out to) : TryWriteReport(bytes, now, out length, out to);
        if (any) Sent++;
        else _mayHaveOutput = false;
        return any;
    }

    private bool TryWriteReport(Span<byte> bytes, Instant now, out int length, out Ipv4Address to)
    {
        var report = new IgmpReportWriter(bytes);
        AddChanges(ref report, now);
        if (report.IsEmpty) AddGeneral(ref report);
        if (report.IsEmpty) AddResponses(ref report);
        (length, to) = report.IsEmpty ? (0, default) : (report.Finish(), IgmpAddress.Version3Routers);
        return !report.IsEmpty;
    }

    // RFC 3376 5.1: what has changed, as it is now.
    private void AddChanges(ref IgmpReportWriter report, Instant now)
    {
        for (int i = _inOrder.Count - 1; i >= 0; i--)
        {
            var group = _inOrder[i];
            if (!group.IsChangeDue) continue;
            // Of changed sources there may be two records; the second's header takes the room of two.
            if (!report.IsEmpty && !report.HasRoom(group.ModeChanges > 0 ? group.Sources.Count : group.SourceChanges.Count + 2)) return;
            group.IsChangeDue = false;
            if (group.ModeChanges > 0) AddModeChange(ref report, group);
            else AddSourceChanges(ref report, group);
            if (group.HasChanges && _changesAt == Instant.Never) _changesAt = now + Draw(_options.ReportInterval);
            ForgetIfOver(group);
        }
    }

    private static void AddModeChange(ref IgmpReportWriter report, GroupState group)
    {
        group.ModeChanges--;
        var type = group.Mode == FilterMode.Include ? IgmpRecordType.ChangeToInclude : IgmpRecordType.ChangeToExclude;
        report.Add(type, group.Group, CollectionsMarshal.AsSpan(group.Sources));
    }

    // RFC 3376 5.1: of the sources that have changed, those which are taken now and those which are not.
    private void AddSourceChanges(ref IgmpReportWriter report, GroupState group)
    {
        foreach (bool isTaken in (ReadOnlySpan<bool>)[true, false])
        {
            _told.Clear();
            foreach (var (source, _) in group.SourceChanges)
                if (group.Takes(source) == isTaken) _told.Add(source);
            if (_told.Count > 0) report.Add(isTaken ? IgmpRecordType.AllowNewSources : IgmpRecordType.BlockOldSources, group.Group, CollectionsMarshal.AsSpan(_told));
        }

        for (int i = group.SourceChanges.Count - 1; i >= 0; i--)
        {
            var (source, reports) = group.SourceChanges[i];
            if (reports <= 1) group.SourceChanges.RemoveAt(i);
            else group.SourceChanges[i] = (source, reports - 1);
        }
    }

    // The answer to a general query, in as many messages as it takes.
    private void AddGeneral(ref IgmpReportWriter report)
    {
        for (; _isGeneralDue && _generalNext < _inOrder.Count; _generalNext++)
        {
            var group = _inOrder[_generalNext];
            if (!IsReported(group)) continue;
            if (!report.IsEmpty && !report.HasRoom(group.Sources.Count)) return;
            AddState(ref report, group);
        }

        _isGeneralDue = false;
    }

    private void AddResponses(ref IgmpReportWriter report)
    {
        foreach (var group in _inOrder)
        {
            if (!group.IsResponseDue) continue;
            if (!report.IsEmpty && !report.HasRoom(Math.Max(group.Sources.Count, group.Asked.Count))) return;
            if (group.Asked.Count == 0) AddState(ref report, group);
            else AddAsked(ref report, group);
            group.ForgetResponse();
        }
    }

    private static void AddState(ref IgmpReportWriter report, GroupState group) =>
        report.Add(group.Mode == FilterMode.Include ? IgmpRecordType.ModeIsInclude : IgmpRecordType.ModeIsExclude, group.Group, CollectionsMarshal.AsSpan(group.Sources));

    // RFC 3376 5.2: of the sources that were asked for, those which are taken; if none is, nothing is said.
    private void AddAsked(ref IgmpReportWriter report, GroupState group)
    {
        _told.Clear();
        foreach (var source in group.Asked)
            if (group.Takes(source)) _told.Add(source);
        if (_told.Count > 0) report.Add(IgmpRecordType.ModeIsInclude, group.Group, CollectionsMarshal.AsSpan(_told));
    }

    // RFC 2236 2, 3: a message for each group, to the group itself; leaving is told to the routers.
    private bool TryWriteOlder(Span<byte> bytes, Instant now, out int length, out Ipv4Address to)
    {
        for (int i = _inOrder.Count - 1; i >= 0; i--)
        {
            var group = _inOrder[i];
            if (!group.IsChangeDue && !group.IsResponseDue && !group.IsLeaveDue) continue;
            bool isLeave = group.IsLeaveDue;
            if (group.IsChangeDue && --group.Unsolicited > 0) _changesAt = Instant.Min(_changesAt, now + Draw(_options.OlderReportInterval));
            if (group.IsResponseDue) group.ForgetResponse();
            (group.IsChangeDue, group.IsLeaveDue, group.WasLastToReport) = (false, false, !isLeave);
            IgmpMessage.Write(bytes, isLeave ? IgmpType.Leave : Version == 1 ? IgmpType.Version1Report : IgmpType.Version2Report, group.Group);
            (length, to) = (IgmpMessage.Size, isLeave ? IgmpAddress.AllRouters : group.Group);
            ForgetIfOver(group);
            return true;
        }

        (length, to) = (0, default);
        return false;
    }
}
