using Morgana.Core;
using Morgana.Protocols.Igmp;
using static Morgana.Protocols.Tests.Igmp.Link;

namespace Morgana.Protocols.Tests.Igmp;

/// <summary>What a host tells of its groups, version 3 (RFC 3376 5).</summary>
public class IgmpHostTests
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1), s_minute = TimeSpan.FromMinutes(1);
    private readonly Link _link = new();

    [Fact]
    public void Joining_is_told_at_once_and_again_within_a_second()
    {
        var socket = _link.Socket();
        Assert.Equal(GroupError.None, socket.Join(_link.Host, One, _link.Now));
        Assert.Equal(["224.0.0.22: ChangeToExclude 239.1.1.1 []"], _link.Says());
        var (at, said) = Assert.Single(_link.SaysWithin(s_minute));
        Assert.Equal("224.0.0.22: ChangeToExclude 239.1.1.1 []", said);
        Assert.InRange(at, 0, 1000);
        Assert.True(_link.Host.Takes(One, A));
        Assert.False(_link.Host.Takes(Two, A));
        Assert.Equal(Instant.Never, _link.Host.NextTimeout);
    }

    [Fact]
    public void Leaving_is_told_as_often_and_then_forgotten()
    {
        var socket = Joined(One);
        Assert.Equal(GroupError.None, socket.Leave(_link.Host, One, _link.Now));
        Assert.False(_link.Host.Takes(One, A));
        Assert.Equal(["224.0.0.22: ChangeToInclude 239.1.1.1 []"], _link.Says());
        Assert.Equal(1, _link.Host.Count);
        Assert.Equal("224.0.0.22: ChangeToInclude 239.1.1.1 []", Assert.Single(_link.SaysWithin(s_minute)).Said);
        Assert.Equal(0, _link.Host.Count);
    }

    [Fact]
    public void A_second_socket_in_a_group_is_nobodys_news_and_the_last_one_leaves_it()
    {
        var first = Joined(One);
        var second = _link.Socket();
        second.Join(_link.Host, One, _link.Now);
        first.Leave(_link.Host, One, _link.Now);
        Assert.Empty(_link.Says());
        Assert.True(_link.Host.Takes(One, A));
        second.Clear(_link.Now);
        Assert.Equal(["224.0.0.22: ChangeToInclude 239.1.1.1 []"], _link.Says());
    }

    [Fact]
    public void Who_comes_back_before_his_leaving_is_told_again_tells_that_he_is_there()
    {
        var socket = Joined(One);
        socket.Leave(_link.Host, One, _link.Now);
        _link.Says();
        socket.Join(_link.Host, One, _link.Now);
        Assert.Equal(["224.0.0.22: ChangeToExclude 239.1.1.1 []"], _link.Says());
        Assert.Equal(["224.0.0.22: ChangeToExclude 239.1.1.1 []"], _link.SaysWithin(s_minute).Select(s => s.Said));
    }

    [Fact]
    public void Changes_of_sources_are_told_as_they_are_now()
    {
        var socket = _link.Socket();
        socket.AddSource(_link.Host, One, A, _link.Now);
        Assert.Equal(["224.0.0.22: AllowNewSources 239.1.1.1 [10.0.0.10]"], _link.Says());
        socket.AddSource(_link.Host, One, B, _link.Now);
        socket.DropSource(_link.Host, One, A, _link.Now);
        // A was told as taken once, and is not any more; B was never told.
        Assert.Equal(["224.0.0.22: AllowNewSources 239.1.1.1 [10.0.0.11], BlockOldSources 239.1.1.1 [10.0.0.10]"], _link.Says());
        Assert.Equal(["224.0.0.22: AllowNewSources 239.1.1.1 [10.0.0.11], BlockOldSources 239.1.1.1 [10.0.0.10]"], _link.SaysWithin(s_minute).Select(s => s.Said));
        Assert.Equal((false, true), (_link.Host.Takes(One, A), _link.Host.Takes(One, B)));
        socket.DropSource(_link.Host, One, B, _link.Now);
        Assert.Equal(0, socket.Count);
        Assert.Equal(["224.0.0.22: BlockOldSources 239.1.1.1 [10.0.0.11]"], _link.Says());
    }

    // RFC 3376 3.2, its own table.
    [Theory]
    [InlineData("+A", "+B", "ModeIsInclude 239.1.1.1 [10.0.0.10 10.0.0.11]")]
    [InlineData("*", "+A", "ModeIsExclude 239.1.1.1 []")]
    [InlineData("-A", "-B", "ModeIsExclude 239.1.1.1 []")]
    [InlineData("-A-B", "-B-C", "ModeIsExclude 239.1.1.1 [10.0.0.11]")]
    [InlineData("-A-B-C", "+B", "ModeIsExclude 239.1.1.1 [10.0.0.10 10.0.0.12]")]
    [InlineData("-A", "*", "ModeIsExclude 239.1.1.1 []")]
    public void What_sockets_want_is_merged(string first, string second, string expected)
    {
        foreach (string wishes in new[] { first, second })
        {
            var socket = _link.Socket();
            if (wishes[0] != '+') Assert.Equal(GroupError.None, socket.Join(_link.Host, One, _link.Now));
            for (int i = 0; i + 1 < wishes.Length; i += 2)
            {
                var source = wishes[i + 1] switch { 'A' => A, 'B' => B, _ => C };
                Assert.Equal(GroupError.None, wishes[i] == '+' ? socket.AddSource(_link.Host, One, source, _link.Now) : socket.Block(_link.Host, One, source, _link.Now));
            }
        }

        _link.Says();
        _link.SaysWithin(s_minute);
        _link.Ask();
        Assert.Equal($"224.0.0.22: {expected}", Assert.Single(_link.SaysWithin(s_minute)).Said);
    }

    [Fact]
    public void A_general_query_is_answered_once_about_all_groups_within_its_time()
    {
        Joined(One, Two);
        Assert.Equal(DropReason.None, _link.Ask(code: 50));
        Assert.Equal(DropReason.None, _link.Ask(code: 50));
        var (at, said) = Assert.Single(_link.SaysWithin(s_minute));
        Assert.Equal("224.0.0.22: ModeIsExclude 239.1.1.1 [], ModeIsExclude 239.1.1.2 []", said);
        Assert.InRange(at, 0, 5000);
    }

    [Fact]
    public void Long_times_are_in_floating_point()
    {
        // Mantissa 15, exponent 7: 31,744 tenths of a second.
        Joined(One);
        _link.Ask(code: 255);
        var (at, _) = Assert.Single(_link.SaysWithin(TimeSpan.FromSeconds(3174.4)));
        Assert.InRange(at, 12_800, 3_174_400);
    }

    [Fact]
    public void A_query_for_one_group_is_answered_by_its_members_alone()
    {
        Joined(One);
        _link.Ask(Two);
        Assert.Empty(_link.SaysWithin(s_minute));
        _link.Ask(One, code: 10);
        var (at, said) = Assert.Single(_link.SaysWithin(s_minute));
        Assert.Equal("224.0.0.22: ModeIsExclude 239.1.1.1 []", said);
        Assert.InRange(at, 0, 1000);
    }

    [Fact]
    public void A_query_for_sources_is_answered_with_those_that_are_taken()
    {
        var socket = Joined(One);
        socket.Block(_link.Host, One, A, _link.Now);
        _link.Says();
        _link.SaysWithin(s_minute);
        _link.Ask(One, 10, sources: [A]);
        Assert.Empty(_link.SaysWithin(s_minute));
        _link.Ask(One, 10, sources: [A, B]);
        _link.Ask(One, 10, sources: [C]);
        Assert.Equal("224.0.0.22: ModeIsInclude 239.1.1.1 [10.0.0.11 10.0.0.12]", Assert.Single(_link.SaysWithin(s_minute)).Said);
        // RFC 3376 5.2, rule 4: who asks for the group as well hears of the group.
        _link.Ask(One, 10, sources: [B]);
        _link.Ask(One, 10);
        Assert.Equal("224.0.0.22: ModeIsExclude 239.1.1.1 [10.0.0.10]", Assert.Single(_link.SaysWithin(s_minute)).Said);
    }

    [Fact]
    public void Nothing_is_ever_said_of_the_group_of_all_hosts()
    {
        var all = Ipv4Address.From(224, 0, 0, 1);
        Assert.True(_link.Host.Takes(all, A));
        var socket = _link.Socket();
        Assert.Equal(GroupError.None, socket.Join(_link.Host, all, _link.Now));
        _link.Ask();
        Assert.Empty(_link.Says());
        Assert.Empty(_link.SaysWithin(s_minute));
        Assert.Equal(GroupError.None, socket.Leave(all, _link.Now));
        Assert.Empty(_link.Says());
        Assert.Equal(0, _link.Host.Count);
    }

    [Fact]
    public void The_host_tells_nobody_of_its_own_link()
    {
        var own = new IgmpHost(-1, new(), default, isSilent: true);
        var socket = _link.Socket();
        Assert.Equal(GroupError.None, socket.Join(own, One, _link.Now));
        Assert.True(own.Takes(One, A));
        Assert.False(own.HasOutput);
        socket.Clear(_link.Now);
        Assert.Equal((0, Instant.Never), (own.Count, own.NextTimeout));
    }

    [Fact]
    public void A_routers_robustness_is_taken_over()
    {
        _link.Ask(robustness: 5);
        _link.SaysWithin(s_minute);
        var socket = _link.Socket();
        socket.Join(_link.Host, One, _link.Now);
        Assert.Equal(5, _link.Says().Count + _link.SaysWithin(s_minute).Count);
        _link.Ask(robustness: 0);
        _link.SaysWithin(s_minute);
        socket.Join(_link.Host, Two, _link.Now);
        Assert.Equal(2, _link.Says().Count + _link.SaysWithin(s_minute).Count);
    }

    [Fact]
    public void Groups_that_do_not_fit_into_one_message_come_in_several()
    {
        var link = new Link(room: 44);
        var socket = link.Socket();
        for (byte i = 1; i <= 20; i++) Assert.Equal(GroupError.None, socket.Join(link.Host, Ipv4Address.From(239, 2, 2, i), link.Now));
        // Four records of eight octets behind a header of eight.
        Assert.Equal(5, link.Says().Count);
        Assert.Equal(5, link.SaysWithin(s_minute).Count);
        link.Ask();
        var said = link.SaysWithin(s_minute);
        Assert.Equal(5, said.Count);
        Assert.Equal(20, said.SelectMany(s => s.Said[12..].Split(", ")).Distinct().Count());
    }

    [Fact]
    public void Tables_end_at_their_limits()
    {
        var link = new Link(new() { Groups = 3, GroupsOfSocket = 4, Sources = 3, SourcesOfMembership = 2 });
        var (socket, other) = (link.Socket(), link.Socket());
        for (byte i = 1; i <= 3; i++) Assert.Equal(GroupError.None, socket.Join(link.Host, Ipv4Address.From(239, 2, 2, i), link.Now));
        Assert.Equal(GroupError.TooMany, socket.Join(link.Host, Ipv4Address.From(239, 2, 2, 4), link.Now));
        Assert.Equal(GroupError.None, other.Join(link.Host, Ipv4Address.From(239, 2, 2, 1), link.Now));
        var group = Ipv4Address.From(239, 2, 2, 1);
        Assert.Equal(GroupError.None, socket.Block(link.Host, group, A, link.Now));
        Assert.Equal(GroupError.None, socket.Block(link.Host, group, B, link.Now));
        Assert.Equal(GroupError.TooMany, socket.Block(link.Host, group, C, link.Now));
        Assert.Equal(GroupError.None, other.Block(link.Host, group, B, link.Now));
        Assert.Equal(GroupError.TooMany, other.Block(link.Host, group, C, link.Now));
        socket.Clear(link.Now);
        other.Clear(link.Now);
        link.Says();
        link.SaysWithin(s_minute);
        Assert.Equal(0, link.Host.Count);
    }

    [Fact]
    public void Two_hosts_do_not_answer_at_the_same_time()
    {
        var times = new HashSet<double>();
        for (byte secret = 1; secret <= 20; secret++)
        {
            var link = new Link(secret: secret);
            link.Socket().Join(link.Host, One, link.Now);
            link.Says();
            link.SaysWithin(s_second);
            link.Ask();
            times.Add(Assert.Single(link.SaysWithin(s_minute)).At);
        }

        Assert.Equal(20, times.Count);
        Assert.All(times, t => Assert.InRange(t, 0, 10_000));
    }

    private GroupMemberships Joined(params Ipv4Address[] groups)
    {
        var socket = _link.Socket();
        foreach (var group in groups) Assert.Equal(GroupError.None, socket.Join(_link.Host, group, _link.Now));
        _link.Says();
        _link.SaysWithin(s_minute);
        return socket;
    }
}
