using System.Net.Sockets;
using System.Security.Cryptography;
using Morgana.Core;
using Morgana.Network;
using Morgana.Protocols.Tcp;
using Morgana.Sockets;

namespace Morgana.Integration.Tests;

/// <summary>How connections with Linux end: in order, half, with a reset, or without a word. Each defect that other stacks' users suffer from has a test.</summary>
public sealed class EndingsTests
{
    // The same machine with shorter patience, so that a test sees the end of it.
    private static readonly NetworkStackOptions Impatient = new()
    {
        Tcp = new()
        {
            FinWait2Timeout = TimeSpan.FromMilliseconds(500),
            TimeWait = TimeSpan.FromMilliseconds(500),
            OrphanRetries = 3,
            DataRetries = 3,
            MaximumRetransmissionTimeout = TimeSpan.FromMilliseconds(400),
        },
    };

    [RootTheory, InlineData(false), InlineData(true)]
    public async Task Either_direction_may_end_first_and_the_other_goes_on(bool linuxIsServer)
    {
        await using var peer = await LinuxPeer.StartAsync();
        byte[] content = RandomNumberGenerator.GetBytes(300_000);
        foreach (bool weEndFirst in new[] { false, true })
        {
            var (ours, linux) = await Transfers.ConnectAsync(peer, linuxIsServer);
            using (linux)
            {
                if (weEndFirst)
                {
                    await ours.Output.CompleteAsync();
                    Assert.Equal(0, (await Within(Transfers.DrainAsync(linux))).Length);
                    await Transfers.SendAsync(linux, content);
                    Assert.Equal((content.Length, Hash(content)), await Within(Services.DrainAsync(ours)));
                }
                else
                {
                    linux.Shutdown(SocketShutdown.Send);
                    Assert.Equal(0, (await Within(Services.DrainAsync(ours))).Length);
                    var received = Transfers.DrainAsync(linux);
                    await Transfers.SendAsync(ours, content);
                    Assert.Equal((content.Length, Hash(content)), await Within(received));
                }
            }

            await ours.DisposeAsync();
        }

        await Transfers.AssertNothingLeftAsync(peer);
    }

    [RootFact]
    public async Task Readers_are_woken_by_a_FIN()
    {
        await using var peer = await LinuxPeer.StartAsync();
        var (ours, linux) = await Transfers.ConnectInAsync(peer);
        var read = ours.Input.ReadAsync().AsTask();
        Assert.False(read.IsCompleted);
        linux.Shutdown(SocketShutdown.Send);
        Assert.True((await Within(read)).IsCompleted);
        linux.Dispose();
        await ours.DisposeAsync();
        await Transfers.AssertNothingLeftAsync(peer);
    }

    [RootTheory, InlineData(false), InlineData(true)]
    public async Task A_window_that_closed_reopens(bool linuxReads)
    {
        await using var peer = await LinuxPeer.StartAsync(stack: Impatient with { Tcp = Impatient.Tcp with { DataRetries = 14 } });
        byte[] content = RandomNumberGenerator.GetBytes(8_000_000);
        var (ours, linux) = await Transfers.ConnectInAsync(peer, new() { ReceiveBuffer = 32 * 1024, SendBuffer = 64 * 1024 });
        var sent = linuxReads ? Transfers.SendAsync(ours, content) : Transfers.SendAsync(linux, content);
        var statistics = peer.Loop.Stack.Tcp.Statistics;
        // Nobody reads until the sender is stuck: ours has probed the closed window; Linux's has nothing acknowledged beyond our buffer.
        await UntilAsync(peer, () => linuxReads ? statistics.WindowProbes >= 3 : sent.Status == TaskStatus.WaitingForActivation && peer.Pool.InUse >= 16);
        Assert.False(sent.IsCompleted);
        var received = linuxReads ? Transfers.DrainAsync(linux) : Services.DrainAsync(ours);
        Assert.Equal((content.Length, Hash(content)), await Within(received));
        await Within(sent);
        linux.Dispose();
        await ours.DisposeAsync();
        await Transfers.AssertNothingLeftAsync(peer);
    }

    [RootTheory, InlineData("idle"), InlineData("while we send"), InlineData("while we read"), InlineData("after our FIN"), InlineData("after its FIN")]
    public async Task A_reset_ends_the_connection_and_leaves_nothing(string when)
    {
        await using var peer = await LinuxPeer.StartAsync();
        for (int round = 0; round < 10; round++)
        {
            var (ours, linux) = await Transfers.ConnectInAsync(peer);
            Task use = Task.CompletedTask;
            switch (when)
            {
                case "while we send":
                    use = Transfers.SendAsync(ours, new byte[3_000_000]);
                    Assert.True(await linux.ReceiveAsync(new byte[10_000]) > 0);
                    break;
                case "while we read":
                    use = Services.DrainAsync(ours);
                    await linux.SendAsync(new byte[5000]);
                    break;
                case "after our FIN":
                    await ours.Output.CompleteAsync();
                    Assert.Equal(0, await linux.ReceiveAsync(new byte[1]));
                    break;
                case "after its FIN":
                    linux.Shutdown(SocketShutdown.Send);
                    Assert.True((await Within(ours.Input.ReadAsync().AsTask())).IsCompleted);
                    break;
            }

            var over = new TaskCompletionSource();
            ours.Closed.Register(over.SetResult);
            linux.LingerState = new(true, 0);
            linux.Dispose();        // RST.
            await Within(over.Task);
            if (!use.IsCompletedSuccessfully) await Assert.ThrowsAsync<IOException>(() => Within(use));
            await ours.DisposeAsync();
        }

        await Transfers.AssertNothingLeftAsync(peer);
    }

    [RootFact]
    public async Task Nobody_is_stuck_in_FIN_WAIT_2_when_the_peer_never_closes()
    {
        await using var peer = await LinuxPeer.StartAsync(stack: Impatient);
        var linux = new List<Socket>();
        for (int i = 0; i < 20; i++)
        {
            var (ours, theirs) = await Transfers.ConnectInAsync(peer);
            linux.Add(theirs);      // It takes our FIN, and keeps its end open for ever.
            await ours.DisposeAsync();
        }

        await Transfers.AssertNothingLeftAsync(peer);
        linux.ForEach(s => s.Dispose());
    }

    [RootTheory, InlineData(false), InlineData(true)]
    public async Task Nobody_is_stuck_in_CLOSE_WAIT_or_LAST_ACK_when_the_peer_vanishes(bool hasDataToSend)
    {
        await using var peer = await LinuxPeer.StartAsync(stack: Impatient);
        var connections = new List<TcpConnection>();
        var linux = new List<Socket>();
        for (int i = 0; i < 20; i++)
        {
            var (ours, theirs) = await Transfers.ConnectInAsync(peer);
            theirs.Shutdown(SocketShutdown.Send);
            Assert.True((await Within(ours.Input.ReadAsync().AsTask())).IsCompleted);       // CLOSE_WAIT
            connections.Add(ours);
            linux.Add(theirs);
        }

        await peer.SetLinkAsync(up: false);
        foreach (var ours in connections)
        {
            if (hasDataToSend) await ours.Output.WriteAsync(new byte[1000]);
            await ours.DisposeAsync();      // LAST_ACK, and nobody acknowledges.
        }

        await Transfers.AssertNothingLeftAsync(peer);
        linux.ForEach(s => s.Dispose());
    }

    [RootFact]
    public async Task A_peer_that_vanishes_while_we_send_is_given_up()
    {
        await using var peer = await LinuxPeer.StartAsync(stack: Impatient);
        var (ours, linux) = await Transfers.ConnectInAsync(peer);
        var sending = Transfers.SendAsync(ours, new byte[50_000_000]);
        Assert.True(await linux.ReceiveAsync(new byte[10_000]) > 0);
        await peer.SetLinkAsync(up: false);
        await Assert.ThrowsAsync<IOException>(() => Within(sending));
        await ours.DisposeAsync();
        await Transfers.AssertNothingLeftAsync(peer);
        linux.Dispose();
    }

    [RootFact]
    public async Task A_link_that_goes_down_for_a_while_costs_no_data()
    {
        await using var peer = await LinuxPeer.StartAsync();
        byte[] content = RandomNumberGenerator.GetBytes(20_000_000);
        var (ours, linux) = await Transfers.ConnectInAsync(peer);
        var exchange = Transfers.ExchangeAsync(peer, ours, linux, content, "link flap");
        for (int i = 0; i < 3; i++)
        {
            await peer.SetLinkAsync(up: false);
            await peer.SetLinkAsync(up: true);
        }

        await exchange;
        linux.Dispose();
        await ours.DisposeAsync();
        await Transfers.AssertNothingLeftAsync(peer);
    }

    [RootFact]
    public async Task Keepalive_probes_are_answered_and_hold_no_memory()
    {
        var probing = new TcpListenerOptions { Connection = new() { KeepAlive = TimeSpan.FromMilliseconds(200) } };
        await using var peer = await LinuxPeer.StartAsync(stack: Impatient);
        await using var listener = await peer.Loop.ListenAsync(new(LinuxPeer.OurAddress, 80), probing);
        var (linux, ours) = (new List<Socket>(), new List<TcpConnection>());
        for (int i = 0; i < 100; i++)
        {
            linux.Add(await peer.Linux.ConnectAsync(80));
            ours.Add((await Within(listener.AcceptAsync().AsTask()))!);
        }

        long sent = peer.Loop.Stack.Tcp.Statistics.SegmentsSent;
        await UntilAsync(peer, () => peer.Loop.Stack.Tcp.Statistics.SegmentsSent - sent >= ours.Count);
        // Each has been probed and Linux answers: nothing is held but what is under way just now.
        await UntilAsync(peer, () => peer.Pool.InUse == 0);
        Assert.DoesNotContain(ours, c => c.Closed.IsCancellationRequested);
        linux.ForEach(s => s.Dispose());
        foreach (var connection in ours) await connection.DisposeAsync();
        await Transfers.AssertNothingLeftAsync(peer);
    }

    [RootFact]
    public async Task Connections_beyond_the_backlog_wait_their_turn()
    {
        await using var peer = await LinuxPeer.StartAsync();
        await using var listener = await peer.Loop.ListenAsync(new(LinuxPeer.OurAddress, 80), new() { Backlog = 8 });
        // Linux sends its SYN again while there is no room: all of them are served in the end.
        var connecting = Enumerable.Range(0, 40).Select(_ => peer.Linux.ConnectAsync(80)).ToList();
        await UntilAsync(peer, () => peer.Loop.Stack.Drops[DropReason.AcceptQueueFull] > 0);
        for (int i = 0; i < 40; i++) await (await Within(listener.AcceptAsync().AsTask()))!.DisposeAsync();
        foreach (var socket in connecting) (await Within(socket)).Dispose();
        await Transfers.AssertNothingLeftAsync(peer);
    }

    private static string Hash(byte[] content) => Convert.ToHexString(SHA256.HashData(content));

    private static async Task UntilAsync(LinuxPeer peer, Func<bool> holds)
    {
        var end = DateTime.UtcNow + Transfers.Limit;
        while (!await peer.Loop.CallAsync(_ => holds()))
        {
            Assert.True(DateTime.UtcNow < end, "It never came about.");
            await Task.Delay(5);
        }
    }

    private static Task<T> Within<T>(Task<T> task) => task.WaitAsync(Transfers.Limit);

    private static Task Within(Task task) => task.WaitAsync(Transfers.Limit);
}
