using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Morgana.Network.Tests;

/// <summary>A connection of the host with itself: octets are handed over where a segment would have been taken in order; everything else is as between two hosts.</summary>
public class BothEndsTests
{
    private const int Buffer = 32 << 10;
    private readonly StackUnderTest _host = new();
    private readonly TcpControlBlock _client;
    private readonly TcpControlBlock _server;

    public BothEndsTests()
    {
        var options = new TcpConnectionOptions { SendBuffer = Buffer, ReceiveBuffer = Buffer, NoDelay = true };
        Assert.Equal(TcpListenError.None, Tcp.TryListen(new(Ipv4Address.Loopback, 80), new() { Connection = options }, out var listener));
        Assert.Equal(TcpConnectError.None, Tcp.TryConnect(new(Ipv4Address.Loopback, 0), new(Ipv4Address.Loopback, 80), 16384, options, _host.Now, out _client!));
        Settle();
        Assert.True(listener!.TryAccept(out _server!));
        Assert.Equal((TcpState.Established, TcpState.Established), (_client.State, _server.State));
    }

    private TcpStack Tcp => _host.Stack.Tcp;

    [Fact]
    public void Octets_come_in_both_directions_without_a_segment()
    {
        long segments = Tcp.Statistics.SegmentsSent;
        for (int i = 0; i < 1000; i++)
        {
            Send(_client, Pattern(i, 64));
            Assert.Equal(Pattern(i, 64), Read(_server, 64));
            Send(_server, Pattern(-i, 100));
            Assert.Equal(Pattern(-i, 100), Read(_client, 100));
        }

        Assert.Equal(segments, Tcp.Statistics.SegmentsSent);
        Assert.Equal(0, _client.SendQueueLength + _server.SendQueueLength);
        Assert.Equal(0, _host.Pool.InUse);
    }

    [Fact]
    public void The_reader_is_told_once_something_has_come()
    {
        while (Tcp.TryTakeReady(out var tcb)) tcb.TakeEvents();
        Send(_client, [1]);
        Assert.True(Tcp.TryTakeReady(out var ready));
        Assert.Same(_server, ready);
        Assert.Equal(TcpEvents.Readable, ready.TakeEvents());
    }

    [Fact]
    public void What_the_window_has_no_room_for_waits_and_comes_in_order()
    {
        var random = new Random(1);
        byte[] sent = new byte[3 * Buffer];
        random.NextBytes(sent);
        var received = new List<byte>();
        int offset = 0;
        for (int idle = 0; received.Count < sent.Length && idle < 1000; idle++)
        {
            int written = _client.Write(sent.AsSpan(offset, Math.Min(sent.Length - offset, random.Next(1, 50_000))), _host.Now);
            offset += written;
            Settle();
            byte[] read = Read(_server, random.Next(1, 30_000));
            received.AddRange(read);
            Settle();
            if (written + read.Length > 0) idle = 0;
            else _host.Advance(TimeSpan.FromMilliseconds(50));
        }

        Assert.Equal(sent, received);
    }

    [Fact]
    public void A_writer_that_found_no_room_is_told_when_there_is_some()
    {
        byte[] much = new byte[4 * Buffer];
        int written = _client.Write(much, _host.Now);
        Settle();
        Assert.InRange(written, Buffer, much.Length - 1);
        while (Tcp.TryTakeReady(out var tcb)) tcb.TakeEvents();
        int read = 0;
        for (int i = 0; i < 1000 && read < written; i++)
        {
            read += Read(_server, Buffer).Length;
            Settle();
            _host.Advance(TimeSpan.FromMilliseconds(50));
        }

        Assert.Equal(written, read);
        var told = TcpEvents.None;
        while (Tcp.TryTakeReady(out var tcb)) told |= tcb == _client ? tcb.TakeEvents() : TcpEvents.None;
        Assert.True((told & TcpEvents.Writable) != 0);
    }

    [Fact]
    public void The_end_comes_behind_what_was_handed_over()
    {
        Send(_client, [1, 2, 3]);
        _client.Shutdown(_host.Now);
        Settle();
        Assert.False(_server.IsEndOfStream);
        Assert.Equal([1, 2, 3], Read(_server, 10));
        Assert.True(_server.IsEndOfStream);
        // The other direction goes on.
        Send(_server, [4]);
        Assert.Equal([4], Read(_client, 10));
    }

    [Fact]
    public void Whoever_writes_to_an_end_that_is_closed_is_reset()
    {
        Send(_client, [1]);
        _server.Close(_host.Now);       // With an octet unread: RFC 2525 2.17.
        Settle();
        Assert.Equal(TcpState.Closed, _client.State);
        Assert.Equal(0, _host.Pool.InUse);
    }

    [Fact]
    public void Numbers_go_round_and_segments_still_find_the_connection_as_it_is()
    {
        long segments = Tcp.Statistics.SegmentsSent;
        byte[] block = new byte[Buffer];
        for (long total = 0; total < 5L << 30; total += block.Length)
        {
            Assert.Equal(block.Length, _client.Write(block, _host.Now));
            Settle();
            Assert.Equal(block.Length, _server.Read(block, _host.Now));
            if (_client.SendQueueLength > 0) _host.Advance(TimeSpan.FromMilliseconds(50));
        }

        // A segment from time to time brings up to date what only segments do.
        Assert.InRange(Tcp.Statistics.SegmentsSent - segments, 5, 500);
        Assert.Equal(0, Tcp.Statistics.Retransmissions);
        _client.Shutdown(_host.Now);
        _server.Shutdown(_host.Now);
        Settle();
        Assert.True(_server.IsEndOfStream && _client.IsEndOfStream);
    }

    [Fact]
    public void A_connection_kept_alive_is_not_probed_while_octets_are_handed_over()
    {
        _client.Configure(new() { SendBuffer = Buffer, ReceiveBuffer = Buffer, KeepAlive = TimeSpan.FromSeconds(10) }, _host.Now);
        for (int i = 0; i < 20; i++)
        {
            _host.Advance(TimeSpan.FromSeconds(5));
            Send(_client, [1]);
            Read(_server, 1);
        }

        Assert.Equal(0, Tcp.Statistics.KeepAliveProbes);
    }

    private void Send(TcpControlBlock from, byte[] octets)
    {
        Assert.Equal(octets.Length, from.Write(octets, _host.Now));
        Settle();
    }

    private byte[] Read(TcpControlBlock at, int most)
    {
        byte[] octets = new byte[most];
        return octets[..at.Read(octets, _host.Now)];
    }

    private void Settle()
    {
        while (_host.Stack.HasOutput) Assert.Empty(_host.Sent());
    }

    private static byte[] Pattern(int seed, int length) => [.. Enumerable.Range(0, length).Select(i => (byte)((seed * 31) + i))];
}
