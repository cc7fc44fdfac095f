using Morgana.Core;
using Morgana.Protocols.Tcp;
using Morgana.Wire.Tcp;
using static Morgana.Wire.Tcp.TcpFlags;

namespace Morgana.Protocols.Tests.Tcp;

public class ListenTests
{
    [Fact]
    public void A_SYN_flood_holds_no_more_than_the_backlog_and_no_buffers()
    {
        var script = new Script(listen: new() { SynBacklog = 64 });
        for (int i = 0; i < 50_000; i++)
        {
            script.PeerPort = (ushort)(1 + (i % 65535));
            script.PeerIss = (uint)i * 7919;
            script.Inject(Syn, 0);
            script.Sent.Clear();
        }

        Assert.Equal(64, script.Listener.HalfOpenCount);
        Assert.Equal(64, script.Stack.Statistics.Connections);
        Assert.Equal(50_000 - 64, script.Stack.Statistics.HalfOpenEvicted);
        Assert.Equal(0, script.Pool.InUse);
        script.After(TimeSpan.FromMinutes(5)).ExpectGone();
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void A_port_that_is_chosen_is_no_listeners_and_never_the_peer_itself(bool listens, bool anywhere)
    {
        const ushort first = 40000, last = 40003, listened = 40002;
        var net = new TwoHosts(options: new() { FirstEphemeralPort = first, LastEphemeralPort = last });
        IpEndpoint self = new(net.AddressA, listened);
        if (listens) Assert.Equal(TcpListenError.None, net.A.TryListen(new(anywhere ? Ipv4Address.Any : net.AddressA, listened), new(), out _));
        var chosen = new HashSet<ushort>();
        for (int i = first; i < last; i++)
        {
            Assert.Equal(TcpConnectError.None, net.A.TryConnect(new(net.AddressA, 0), self, 1500, TcpConnectionOptions.Default, net.Now, out var tcb));
            chosen.Add(tcb!.Local.Port);
        }

        Assert.Equal([40000, 40001, 40003], chosen.Order().Select(p => (int)p));
        Assert.Equal(TcpConnectError.NoPort, net.A.TryConnect(new(net.AddressA, 0), self, 1500, TcpConnectionOptions.Default, net.Now, out _));
        // Asked for by its number it may be: that is a connection to itself (RFC 9293 3.5).
        Assert.Equal(TcpConnectError.None, net.A.TryConnect(self, self, 1500, TcpConnectionOptions.Default, net.Now, out _));
    }

    [Fact]
    public void A_full_accept_queue_drops_SYNs_and_counts_them()
    {
        var script = new Script(listen: new() { Backlog = 2 });
        for (ushort port = 1000; port < 1005; port++)
        {
            script.PeerPort = port;
            script.Inject(Syn, 0).Inject(Ack, 1, 1);
        }

        Assert.Equal(2, script.Listener.AcceptableCount);
        Assert.Equal(3, script.Drops[DropReason.AcceptQueueFull]);
        script.Sent.Clear();
        script.Listener.Close(script.Now);
        script.After(TimeSpan.Zero);
        Assert.Equal(0, script.Stack.Statistics.Connections);
    }

    [Fact]
    public void At_the_connection_limit_the_oldest_TIME_WAIT_gives_way_and_else_the_SYN_is_dropped()
    {
        var script = new Script(new() { MaximumConnections = 1 }).Given(TcpState.TimeWait);
        script.PeerPort = 999;
        script.Inject(Syn, 0).Expect(Syn | Ack);
        script.PeerPort = 998;
        script.Inject(Syn, 0).ExpectNothing().ExpectDrop(DropReason.ConnectionLimit);
    }

    [Fact]
    public void A_source_has_no_more_connections_than_it_may_have_and_gets_another_when_one_is_over()
    {
        var script = new Script(listen: new() { ConnectionsPerSource = 3, Connection = new() { Timestamps = false, WindowScaling = false } });
        var accepted = new List<TcpControlBlock>();
        for (ushort port = 1000; port < 1005; port++)
        {
            script.PeerPort = port;
            script.Inject(Syn, 0);
            if (port == 1002) break;                        // The third stays half open.
            script.Inject(Ack, 1, 1);
            Assert.True(script.Listener.TryAccept(out var tcb));
            accepted.Add(tcb);
        }

        script.Sent.Clear();
        script.PeerPort = 2000;
        script.Inject(Syn, 0).ExpectNothing().ExpectDrop(DropReason.SourceLimit);
        accepted[0].Abort(script.Now);
        script.Inject(Syn, 0);
        Assert.Equal(DropReason.None, script.LastReason);
        script.PeerPort = 2001;
        script.Inject(Syn, 0);
        Assert.Equal(DropReason.SourceLimit, script.LastReason);
        // Whoever has closed waits in TIME_WAIT for the sake of the wire, and takes nobody's place.
        (script.Tcb, script.PeerPort) = (accepted[1], 1001);
        script.Do(t => t.Close(script.Now));
        script.Iss = accepted[1].Iss.Value;
        script.Inject(Ack, 1, 2).Inject(Fin | Ack, 1, 2);
        Assert.Equal(1, script.Stack.Statistics[TcpState.TimeWait]);
        script.PeerPort = 2001;
        script.Inject(Syn, 0);
        Assert.Equal(DropReason.None, script.LastReason);
        // Half-open ones are given up, and all are gone in the end.
        script.After(TimeSpan.FromMinutes(10));
        script.PeerPort = 2002;
        for (int i = 0; i < 3; i++, script.PeerPort++) script.Inject(Syn, 0);
        Assert.Equal((DropReason.None, 3), (script.LastReason, script.Listener.HalfOpenCount));
    }

    [Fact]
    public void A_listener_at_the_IPv6_wildcard_takes_both_versions()
    {
        foreach (bool isIpv6 in (ReadOnlySpan<bool>)[true, false])
        {
            var hosts = new TwoHosts(isIpv6: isIpv6);
            Assert.Equal(TcpListenError.None, hosts.B.TryListen(new(Ipv6Address.Any, 80), new(), out var listener));
            var client = hosts.Connect();
            TcpControlBlock? server = null;
            Assert.True(hosts.RunUntil(() => listener!.TryAccept(out server) && client.State == TcpState.Established));
            Assert.Equal((hosts.AddressB, isIpv6 ? 1500 - 60 - 12 : 1500 - 40 - 12), (server!.Local.Address, server.SegmentSize));
        }
    }

    [Fact]
    public void A_deferred_handshake_is_answered_only_when_it_is_accepted()
    {
        var script = new Script(listen: new() { DeferHandshake = true });
        script.Inject(Syn, 0).ExpectNothing();
        Assert.True(script.Stack.TryTakeReady(out var tcb));
        Assert.Equal(TcpEvents.HandshakeRequested, tcb.TakeEvents());
        Assert.Null(tcb.Owner);
        script.Tcb = tcb;
        script.Inject(Syn, 0).ExpectNothing().Do(t => t.AcceptHandshake(script.Now)).Expect(Syn | Ack, 0, 1).Inject(Ack, 1, 1);
        Assert.True(script.Stack.TryTakeReady(out tcb));
        Assert.Equal(TcpEvents.Connected, tcb.TakeEvents());
        Assert.Equal(TcpState.Established, tcb.State);
    }

    [Fact]
    public void A_deferred_handshake_is_refused_by_RST_and_times_out()
    {
        var script = new Script(listen: new() { DeferHandshake = true }).Inject(Syn, 0);
        Assert.True(script.Stack.TryTakeReady(out var tcb));
        script.Tcb = tcb;
        script.Do(t => t.Abort(script.Now)).Expect(Rst | Ack, null, 1).ExpectGone();
        script.Inject(Syn, 0);
        Assert.True(script.Stack.TryTakeReady(out tcb));
        tcb.TakeEvents();
        script.After(TimeSpan.FromMinutes(1));
        Assert.Equal(TcpEvents.TimedOut | TcpEvents.Closed, tcb.TakeEvents());
        tcb.Owner = null;
        script.ExpectGone();
    }

    [Fact]
    public void The_most_exact_listener_gets_the_SYN_and_a_router_listens_everywhere()
    {
        var script = new Script();
        Assert.Equal(TcpListenError.None, script.Stack.TryListen(new(Ipv4Address.Any, 0), new(), out var router));
        Assert.Equal(TcpListenError.None, script.Stack.TryListen(new(Ipv4Address.Any, 81), new(), out var wildcard));
        Assert.Equal(TcpListenError.AddressInUse, script.Stack.TryListen(new(Script.Us, 80), new(), out _));
        Assert.Equal(TcpListenError.BadPort, script.Stack.TryListen(new(Script.Us, 0), new(), out _));
        foreach (ushort port in (ushort[])[80, 81, 82])
        {
            script.OurPort = port;
            script.Inject(Syn, 0).Expect(Syn | Ack);
        }

        Assert.Equal((1, 1, 1), (script.Listener.HalfOpenCount, wildcard!.HalfOpenCount, router!.HalfOpenCount));
    }
}
