using Morgana.Core;
using Morgana.Protocols.Igmp;
using Morgana.Wire.Igmp;
using static Morgana.Protocols.Tests.Igmp.Link;

namespace Morgana.Protocols.Tests.Igmp;

/// <summary>What nobody sends in good faith.</summary>
public class HostileIgmpTests
{
    private readonly Link _link = new();

    [Fact]
    public void Queries_that_no_router_of_the_link_sends_are_ignored()
    {
        var socket = _link.Socket();
        socket.Join(_link.Host, One, _link.Now);
        _link.Says();
        _link.SaysWithin(TimeSpan.FromMinutes(1));
        byte[] general = Query(default, 100, 3), specific = Query(One, 100, 3), second = Query(default, 100, 2);
        Assert.Equal(DropReason.BadQuery, _link.Hear(general, timeToLive: 64));
        Assert.Equal(DropReason.BadQuery, _link.Hear(general, alert: false));
        Assert.Equal(DropReason.BadQuery, _link.Hear(second, alert: false));
        Assert.Equal(DropReason.BadQuery, _link.Hear(general, One));
        Assert.Equal(DropReason.BadQuery, _link.Hear(specific));
        Assert.Equal(DropReason.BadQuery, _link.Hear(specific, Two));
        Assert.Equal(DropReason.BadQuery, _link.Hear(Query(A, 100, 3)));
        Assert.Equal(DropReason.BadQuery, _link.Hear(Query(One, 0, 1), One, alert: false));
        Assert.Equal(DropReason.UnknownIgmpType, _link.Hear(Summed([0x13, 1, 0, 0, 0, 0, 0, 0])));
        Assert.Empty(_link.SaysWithin(TimeSpan.FromMinutes(1)));
        Assert.Equal((0, 3), (_link.Host.Queries, _link.Host.Version));
        // To one of our own addresses is as good; and version 1 knows no alert.
        Assert.Equal(DropReason.None, _link.Hear(general, A));
        Assert.Equal(DropReason.None, _link.Hear(Query(default, 0, 1), alert: false));
        Assert.Equal(2, _link.Host.Queries);
    }

    [Fact]
    public void Lengths_and_checksums_that_lie_are_found_out()
    {
        byte[] query = Query(One, 100, 3, 2, 125, A, B);
        for (int length = 0; length < query.Length; length++)
        {
            var reason = _link.Hear(length < 8 ? query[..length] : Summed(query[..length]), One);
            Assert.Equal(length < 8 ? DropReason.Truncated : length == 8 ? DropReason.None : DropReason.BadLength, reason);
        }

        query[10] = 0xFF;
        Assert.Equal(DropReason.BadLength, _link.Hear(Summed(query), One));
        query[3] ^= 1;
        Assert.Equal(DropReason.BadChecksum, _link.Hear(query, One));
    }

    [Fact]
    public void Who_asks_for_hundreds_of_sources_hears_of_the_group()
    {
        var socket = _link.Socket();
        socket.Join(_link.Host, One, _link.Now);
        _link.Says();
        _link.SaysWithin(TimeSpan.FromMinutes(1));
        var sources = Enumerable.Range(0, 360).Select(i => new Ipv4Address(0x0A00_0000 + (uint)i)).ToArray();
        Assert.Equal(DropReason.None, _link.Ask(One, 10, sources: sources));
        Assert.Equal("224.0.0.22: ModeIsExclude 239.1.1.1 []", Assert.Single(_link.SaysWithin(TimeSpan.FromMinutes(1))).Said);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void Any_octets_between_any_calls_are_survived_and_tables_stay_within_limits(ulong seed)
    {
        var random = new DeterministicRandom(seed);
        var options = new IgmpOptions { Groups = 8, Sources = 6, GroupsOfSocket = 6, SourcesOfMembership = 4 };
        var link = new Link(options, room: seed % 2 == 0 ? 44 : 1456);
        var sockets = Enumerable.Range(0, 4).Select(_ => link.Socket()).ToArray();
        int answered = 0;
        for (int i = 0; i < 20_000; i++)
        {
            var group = Ipv4Address.From(239, 3, 0, (byte)random.Next(12));
            var source = Ipv4Address.From(10, 0, 0, (byte)random.Next(8));
            var socket = sockets[random.Next(sockets.Length)];
            switch (random.Next(9))
            {
                case 0: socket.Join(link.Host, group, link.Now); break;
                case 1: socket.Leave(link.Host, group, link.Now); break;
                case 2: socket.AddSource(link.Host, group, source, link.Now); break;
                case 3: socket.DropSource(link.Host, group, source, link.Now); break;
                case 4: socket.Block(link.Host, group, source, link.Now); break;
                case 5: socket.Unblock(link.Host, group, source, link.Now); break;
                case 6: Mutated(link, random, group, source); break;
                case 7: link.Ask(random.Chance(0.5) ? default : group, (byte)random.Next(256), 1 + random.Next(3), (byte)random.Next(8), (byte)random.Next(256), random.Chance(0.3) ? [source] : []); break;
                default: answered += link.SaysWithin(TimeSpan.FromMilliseconds(random.Next(20_000))).Count; break;
            }

            if (random.Chance(0.5)) link.Says();
            Assert.True(link.Host.Count <= options.Groups, $"Seed {seed}, step {i}: {link.Host.Count} groups.");
        }

        Assert.True(answered > 100, $"Seed {seed}: only {answered} messages.");
        foreach (var socket in sockets) socket.Clear(link.Now);
        link.Says();
        link.SaysWithin(TimeSpan.FromHours(24));
        Assert.True(link.Host.Count == 0 && link.Host.NextTimeout == Instant.Never, $"Seed {seed}: {link.Host.Count} groups are left.");
    }

    private static void Mutated(Link link, DeterministicRandom random, Ipv4Address group, Ipv4Address source)
    {
        byte[] bytes = Query(random.Chance(0.5) ? default : group, (byte)random.Next(256), 3, 2, 125, source, source);
        for (int n = random.Next(4); n >= 0; n--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        if (random.Chance(0.3)) bytes = bytes[..random.Next(bytes.Length)];
        if (bytes.Length >= 4 && random.Chance(0.9)) Summed(bytes);
        link.Hear(bytes, random.Chance(0.5) ? IgmpAddress.AllSystems : group);
    }
}
