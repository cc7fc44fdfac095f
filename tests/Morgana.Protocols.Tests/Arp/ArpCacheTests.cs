using Morgana.Core;
using Morgana.Protocols.Arp;
using Morgana.Wire.Arp;

namespace Morgana.Protocols.Tests.Arp;

/// <summary>The neighbour cache by itself: what it remembers, for how long, and who goes when it is full.</summary>
public class ArpCacheTests
{
    private static readonly Ipv4Address Own = Ipv4Address.From(10, 0, 0, 1), Router = Ipv4Address.From(10, 0, 0, 254);
    private static readonly MacAddress Mac = new(0x0200_0000_0001), RouterMac = new(0x0200_0000_00FE);
    private readonly BufferPool _pool = new(MemoryRegion.Pinned(1 << 20));
    private readonly DropCounters _drops = new();
    private Instant _now = Instant.FromOrigin(TimeSpan.FromSeconds(1000));

    [Fact]
    public void An_answer_releases_what_waited_in_order_and_to_the_right_address()
    {
        var cache = Cache();
        PacketBuffer[] packets = [Packet(), Packet(), Packet()];
        foreach (var packet in packets) Assert.Equal(ArpResolution.Pending, Resolve(cache, Router, packet));
        Assert.Equal((1, 3), (Drain(cache), cache.PendingCount));
        Answer(cache, Router, RouterMac);
        foreach (var expected in packets)
        {
            Assert.True(cache.TryTakeAnswered(out var packet, out var mac));
            Assert.Same(expected, packet);
            Assert.Equal(RouterMac, mac);
            packet.Release();
        }

        Assert.False(cache.TryTakeAnswered(out _, out _));
        Assert.Equal((0, 0), (cache.PendingCount, _pool.InUse));
    }

    [Fact]
    public void A_silent_neighbour_is_asked_three_times_a_second_apart_and_then_what_waited_fails()
    {
        var cache = Cache();
        var packet = Packet();
        Resolve(cache, Router, packet);
        Assert.Equal(1, Drain(cache));
        for (int retry = 1; retry <= 2; retry++)
        {
            Assert.Equal(_now + TimeSpan.FromSeconds(1), cache.NextTimeout);
            Pass(cache, TimeSpan.FromSeconds(1));
            Assert.Equal(1, Drain(cache));
        }

        Pass(cache, TimeSpan.FromSeconds(1));
        Assert.Equal(0, Drain(cache));
        Assert.True(cache.TryTakeFailed(out var failed));
        Assert.Same(packet, failed);
        failed.Release();
        Assert.Equal((0, Instant.Never), (cache.Count, cache.NextTimeout));
    }

    [Fact]
    public void Whoever_does_not_answer_goes_before_those_who_did_however_many_are_asked_for()
    {
        var cache = Cache(new() { Capacity = 16 });
        Know(cache, Router, RouterMac);
        for (int i = 0; i < 1000; i++)
        {
            Resolve(cache, Ipv4Address.From(10, 0, (byte)(1 + (i >> 8)), (byte)i), Packet());
            while (cache.TryTakeFailed(out var failed)) failed.Release();
        }

        Assert.True(cache.TryGet(Router, out var mac));
        Assert.Equal((RouterMac, 16, 15), (mac, cache.Count, cache.PendingCount));
        Assert.Equal(1000 - 15, cache.Evictions);
        cache.Clear();
        while (cache.TryTakeFailed(out var failed)) failed.Release();
        Assert.Equal((0, 0), (cache.Count, _pool.InUse));
    }

    [Fact]
    public void Among_those_who_answered_the_longest_unused_goes_and_a_gateway_in_use_stays()
    {
        var cache = Cache(new() { Capacity = 16 });
        Know(cache, Router, RouterMac);
        for (int i = 0; i < 200; i++)
        {
            Pass(cache, TimeSpan.FromMilliseconds(10));
            Know(cache, Ipv4Address.From(10, 0, 1, (byte)i), new MacAddress(0x0200_0000_1000UL + (ulong)i));
            Assert.Equal(ArpResolution.Resolved, Resolve(cache, Router, null!));
        }

        Assert.True(cache.TryGet(Router, out _));
        Assert.True(cache.TryGet(Ipv4Address.From(10, 0, 1, 199), out _));
        Assert.False(cache.TryGet(Ipv4Address.From(10, 0, 1, 0), out _));
    }

    [Fact]
    public void Those_who_merely_ask_for_us_evict_no_active_neighbour()
    {
        var cache = Cache(new() { Capacity = 4 });
        for (byte i = 1; i <= 4; i++) Know(cache, Ipv4Address.From(10, 0, 1, i), new MacAddress(0x0200_0000_1000UL + i));
        Ask(cache, Ipv4Address.From(10, 0, 2, 1));
        Assert.False(cache.TryGet(Ipv4Address.From(10, 0, 2, 1), out _));
        Assert.Equal(1, Drain(cache));                      // It is answered all the same.
        _now += TimeSpan.FromSeconds(31);
        Ask(cache, Ipv4Address.From(10, 0, 2, 1));
        Assert.True(cache.TryGet(Ipv4Address.From(10, 0, 2, 1), out _));
    }

    [Fact]
    public void What_nobody_uses_is_forgotten_after_two_periods()
    {
        var cache = Cache();
        Know(cache, Router, RouterMac);
        Pass(cache, TimeSpan.FromSeconds(60));
        Assert.True(cache.TryGet(Router, out _));
        Pass(cache, TimeSpan.FromSeconds(60));
        Assert.False(cache.TryGet(Router, out _));
        Assert.Equal(Instant.Never, cache.NextTimeout);
    }

    [Fact]
    public void A_change_of_what_is_known_voids_what_was_derived_from_it()
    {
        var cache = Cache();
        Know(cache, Router, RouterMac);
        int generation = cache.Generation;
        Answer(cache, Router, RouterMac);
        Assert.Equal(generation, cache.Generation);
        Answer(cache, Router, new MacAddress(0x0200_0000_0066));
        Assert.NotEqual(generation, cache.Generation);
    }

    [Fact]
    public void More_questions_than_can_wait_to_be_sent_are_counted()
    {
        var cache = Cache();
        for (int i = 0; i < 500; i++) Ask(cache, Ipv4Address.From(10, 0, (byte)(1 + (i >> 8)), (byte)i));
        Assert.Equal((64, 500 - 64), (cache.OutputCount, _drops[DropReason.QueueFull]));
    }

    private ArpCache Cache(ArpOptions? options = null)
    {
        var cache = new ArpCache(options ?? new(), Mac, hashKey: 12345, _drops);
        cache.AddAddress(Own, _now);
        _now += TimeSpan.FromSeconds(3);
        cache.HandleTimeouts(_now);                         // Both announcements.
        Assert.Equal(2, Drain(cache));
        return cache;
    }

    private ArpResolution Resolve(ArpCache cache, Ipv4Address address, PacketBuffer packet) => cache.Resolve(address, Own, packet, _now, out _, out _);

    private void Know(ArpCache cache, Ipv4Address address, MacAddress mac)
    {
        Assert.Equal(ArpResolution.Pending, Resolve(cache, address, Packet()));
        Answer(cache, address, mac);
        Assert.True(cache.TryTakeAnswered(out var packet, out _));
        packet.Release();
        Drain(cache);
    }

    private void Answer(ArpCache cache, Ipv4Address address, MacAddress mac) => Hand(cache, new(ArpOperation.Reply, mac, address, Mac, Own));

    private void Ask(ArpCache cache, Ipv4Address from) => Hand(cache, new(ArpOperation.Request, new(0x0200_0000_0000UL | from.Value), from, default, Own));

    private void Hand(ArpCache cache, ArpPacket packet)
    {
        byte[] octets = new byte[ArpPacket.Size];
        packet.WriteTo(octets);
        Assert.Equal(DropReason.None, cache.HandlePacket(octets, _now));
    }

    private void Pass(ArpCache cache, TimeSpan time)
    {
        _now += time;
        cache.HandleTimeouts(_now);
    }

    private static int Drain(ArpCache cache)
    {
        int count = 0;
        while (cache.TryTransmit(out _, out _)) count++;
        return count;
    }

    private PacketBuffer Packet()
    {
        Assert.True(_pool.TryRentPacket(PacketBuffer.Headroom, out var packet));
        return packet;
    }
}
