using Morgana.Core;
using Morgana.Protocols.Igmp;
using Morgana.Wire.Igmp;
using static Morgana.Protocols.Tests.Igmp.Link;

namespace Morgana.Protocols.Tests.Igmp;

/// <summary>A host where a router speaks version 2 or 1 (RFC 3376 7.2, RFC 2236, RFC 1112).</summary>
public class OlderVersionTests
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);
    private readonly Link _link = new();

    [Fact]
    public void Version_2_reports_to_the_group_and_leaves_to_the_routers()
    {
        _link.Ask(version: 2);
        Assert.Equal(2, _link.Host.Version);
        var socket = _link.Socket();
        socket.Join(_link.Host, One, _link.Now);
        Assert.Equal(["239.1.1.1: Version2Report 239.1.1.1"], _link.Says());
        var (at, said) = Assert.Single(_link.SaysWithin(s_minute));
        Assert.Equal("239.1.1.1: Version2Report 239.1.1.1", said);
        Assert.InRange(at, 0, 10_000);
        socket.Leave(_link.Host, One, _link.Now);
        Assert.Equal(["224.0.0.2: Leave 239.1.1.1"], _link.Says());
        Assert.Equal(0, _link.Host.Count);
        Assert.Empty(_link.SaysWithin(s_minute));
    }

    [Fact]
    public void Version_1_reports_and_leaves_without_a_word()
    {
        _link.Ask(version: 1);
        Assert.Equal(1, _link.Host.Version);
        var socket = _link.Socket();
        socket.Join(_link.Host, One, _link.Now);
        Assert.Equal(["239.1.1.1: Version1Report 239.1.1.1"], _link.Says());
        _link.SaysWithin(s_minute);
        _link.Ask(version: 1);
        var (at, said) = Assert.Single(_link.SaysWithin(s_minute));
        Assert.Equal("239.1.1.1: Version1Report 239.1.1.1", said);
        Assert.InRange(at, 0, 10_000);
        socket.Leave(_link.Host, One, _link.Now);
        Assert.Empty(_link.Says());
        Assert.Equal(0, _link.Host.Count);
    }

    [Fact]
    public void Each_group_answers_for_itself_within_the_time()
    {
        var socket = _link.Socket();
        _link.Ask(version: 2);
        socket.Join(_link.Host, One, _link.Now);
        socket.Join(_link.Host, Two, _link.Now);
        _link.Says();
        _link.SaysWithin(s_minute);
        _link.Ask(version: 2, code: 20);
        // A longer one changes nothing.
        _link.Ask(version: 2, code: 200);
        var said = _link.SaysWithin(s_minute);
        Assert.Equal(["239.1.1.1: Version2Report 239.1.1.1", "239.1.1.2: Version2Report 239.1.1.2"], said.Select(s => s.Said).Order());
        Assert.All(said, s => Assert.InRange(s.At, 0, 2000));
        _link.Ask(Two, 10, version: 2);
        Assert.Equal("239.1.1.2: Version2Report 239.1.1.2", Assert.Single(_link.SaysWithin(s_minute)).Said);
    }

    [Theory, InlineData(IgmpType.Version1Report), InlineData(IgmpType.Version2Report)]
    public void Who_hears_another_member_is_silent_and_leaves_without_a_word(IgmpType type)
    {
        var socket = _link.Socket();
        _link.Ask(version: 2);
        socket.Join(_link.Host, One, _link.Now);
        _link.Says();
        _link.Ask(version: 2, code: 100);
        byte[] report = new byte[IgmpMessage.Size];
        IgmpMessage.Write(report, type, One);
        Assert.Equal(DropReason.None, _link.Hear(report, One));
        Assert.Empty(_link.SaysWithin(s_minute));
        socket.Leave(_link.Host, One, _link.Now);
        Assert.Empty(_link.Says());
    }

    [Fact]
    public void In_version_3_nobody_is_silent_for_others()
    {
        var socket = _link.Socket();
        socket.Join(_link.Host, One, _link.Now);
        _link.Says();
        _link.SaysWithin(s_minute);
        _link.Ask();
        byte[] report = new byte[IgmpMessage.Size];
        IgmpMessage.Write(report, IgmpType.Version2Report, One);
        _link.Hear(report, One);
        Assert.Single(_link.SaysWithin(s_minute));
    }

    [Fact]
    public void An_older_router_is_remembered_for_twice_its_interval_and_a_response()
    {
        _link.Ask(interval: 30);
        _link.Ask(version: 2);
        _link.SaysWithin(TimeSpan.FromSeconds(69));
        var socket = _link.Socket();
        socket.Join(_link.Host, One, _link.Now);
        Assert.Equal(["239.1.1.1: Version2Report 239.1.1.1"], _link.Says());
        _link.SaysWithin(TimeSpan.FromSeconds(2));
        socket.Join(_link.Host, Two, _link.Now);
        Assert.Equal(["224.0.0.22: ChangeToExclude 239.1.1.2 []"], _link.Says());
        Assert.Equal(3, _link.Host.Version);
    }

    [Fact]
    public void A_change_of_version_cancels_what_was_to_be_said()
    {
        var socket = _link.Socket();
        socket.Join(_link.Host, One, _link.Now);
        socket.Join(_link.Host, Two, _link.Now);
        _link.Says();
        socket.Leave(_link.Host, Two, _link.Now);
        _link.Ask(code: 10);
        _link.Ask(version: 2, code: 100);
        Assert.Equal(1, _link.Host.Count);
        Assert.Equal(["239.1.1.1: Version2Report 239.1.1.1"], _link.SaysWithin(s_minute).Select(s => s.Said));
    }

    [Fact]
    public void Sources_are_filtered_though_no_router_hears_of_them()
    {
        _link.Ask(version: 2);
        var socket = _link.Socket();
        Assert.Equal(GroupError.None, socket.AddSource(_link.Host, One, A, _link.Now));
        Assert.Equal(["239.1.1.1: Version2Report 239.1.1.1"], _link.Says());
        socket.AddSource(_link.Host, One, B, _link.Now);
        Assert.Empty(_link.Says());
        Assert.Equal((true, true, false), (_link.Host.Takes(One, A), _link.Host.Takes(One, B), _link.Host.Takes(One, C)));
    }
}
