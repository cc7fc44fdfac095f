using Morgana.Core;
using Morgana.Devices.Faults;
using Morgana.Drivers.FrameSocket;

namespace Morgana.Devices.Tests;

public class FaultTests
{
    private static readonly Instant s_start = Instant.FromOrigin(TimeSpan.FromSeconds(1));
    private readonly BufferPool _pool = Frames.Pool(512);

    [Fact]
    public void The_same_seed_gives_the_same_faults()
    {
        var profile = new FaultProfile { Loss = 0.1, BurstStart = 0.01, Duplication = 0.1, Reordering = 0.1, Corruption = 0.1, Delay = TimeSpan.FromMilliseconds(20), Jitter = TimeSpan.FromMilliseconds(5) };
        Assert.Equal(Decide(profile, 1), Decide(profile, 1));
        Assert.NotEqual(Decide(profile, 1), Decide(profile, 2));
    }

    [Fact]
    public void One_fault_does_not_move_the_others()
    {
        var losses = Decide(new() { Loss = 0.2 }, 3).Select(d => d.IsLost);
        var losses2 = Decide(new() { Loss = 0.2, Duplication = 0.5, Corruption = 0.5, Jitter = TimeSpan.FromSeconds(1) }, 3).Select(d => d.IsLost);
        Assert.Equal(losses, losses2);
    }

    [Theory, InlineData(0.0), InlineData(0.01), InlineData(0.3), InlineData(1.0)]
    public void Faults_are_as_frequent_as_asked(double probability)
    {
        var model = new FaultModel(new() { Loss = probability }, 9);
        for (int i = 0; i < 20_000; i++) model.Decide(1514, s_start);
        Assert.InRange(model.Lost / 20_000.0, probability - 0.01, probability + 0.01);
        model = new FaultModel(new() { Duplication = probability, Corruption = probability, Reordering = probability }, 9);
        for (int i = 0; i < 20_000; i++) model.Decide(1514, s_start);
        foreach (long count in new[] { model.Duplicated, model.Corrupted, model.Reordered }) Assert.InRange(count / 20_000.0, probability - 0.01, probability + 0.01);
    }

    [Fact]
    public void Bursts_lose_frames_in_a_row()
    {
        var decisions = Decide(new() { BurstStart = 0.01, BurstEnd = 0.2 }, 4);
        int lost = decisions.Count(d => d.IsLost), bursts = decisions.Zip(decisions.Skip(1)).Count(p => !p.First.IsLost && p.Second.IsLost);
        Assert.InRange((double)lost / bursts, 3, 8);
    }

    [Fact]
    public void A_burst_ends_on_a_line_that_is_hardly_used()
    {
        var model = new FaultModel(new() { BurstStart = 0.1, BurstEnd = 0.001, BurstLimit = TimeSpan.FromMilliseconds(500) }, 6);
        var decisions = Enumerable.Range(0, 2000).Select(i => model.Decide(100, s_start + TimeSpan.FromSeconds(i)).IsLost).ToArray();
        Assert.Contains(true, decisions);
        Assert.DoesNotContain(true, decisions.Zip(decisions.Skip(1)).Select(p => p.First && p.Second));
    }

    [Fact]
    public void A_line_of_limited_rate_sends_one_frame_after_the_other_and_drops_at_its_limit()
    {
        var model = new FaultModel(new() { Rate = 1_000_000, QueueLimit = 5000, Delay = TimeSpan.FromMilliseconds(10) }, 1);
        var arrivals = Enumerable.Range(0, 8).Select(_ => model.Decide(1000, s_start)).ToArray();
        for (int i = 0; i < 5; i++) Assert.Equal(TimeSpan.FromMilliseconds(10 + i + 1), arrivals[i].Arrival - s_start);
        Assert.All(arrivals[5..], d => Assert.True(d.IsLost));
    }

    [Fact]
    public void An_injector_delays_doubles_damages_and_cuts_on_virtual_time()
    {
        var now = s_start;
        var (a, b) = MemoryLink.Create(_pool, _pool);
        var bad = new FaultModel(new() { Delay = TimeSpan.FromMilliseconds(30), Duplication = 1, Corruption = 1, TruncateAt = 50 }, 5);
        using var injector = new FaultInjector(a, new FaultModel(FaultProfile.None, 1), bad, _pool, () => now);
        byte[] content = Frames.Content(1, 100);
        var packet = Frames.Packet(_pool, content);
        Assert.Equal(1, injector.Transmit([packet]));
        var done = new PacketBuffer[2];
        Assert.Equal(1, injector.Reclaim(done));
        Assert.Equal(content, Frames.Take(done[0]));        // The sender's own octets are not damaged.
        Assert.Empty(Frames.ReceiveAll(b));
        Assert.Equal(now + TimeSpan.FromMilliseconds(30), injector.NextArrival);
        now += TimeSpan.FromMilliseconds(30);
        injector.Wait(TimeSpan.Zero);
        var received = Frames.ReceiveAll(b);
        Assert.Equal(2, received.Count);
        Assert.All(received, r => Assert.Equal(50, r.Length));
        int bits = received.Sum(r => r.Zip(content).Sum(p => System.Numerics.BitOperations.PopCount((uint)(p.First ^ p.Second))));
        Assert.Equal(1, bits);
        injector.Dispose();
        b.Dispose();
        Assert.Equal(0, _pool.InUse);
    }

    [Fact]
    public void A_relay_between_two_devices_carries_frames_and_loses_as_many_as_it_counts()
    {
        const int Count = 300;
        var outside = Frames.Pool();
        var (a, relayA) = FrameSocketDevice.CreatePair(outside, _pool);
        var (b, relayB) = FrameSocketDevice.CreatePair(outside, _pool);
        var lossy = new FaultModel(new() { Loss = 0.2, Delay = TimeSpan.FromMilliseconds(1), Jitter = TimeSpan.FromMilliseconds(1) }, 8);
        var relay = new Relay(relayA, relayB, _pool, lossy, new FaultModel(FaultProfile.None, 1));
        relay.Start();
        var got = new HashSet<int>();
        for (int i = 0; i < Count; i++)
        {
            byte[] frame = new byte[60];
            BitConverter.TryWriteBytes(frame, i);
            Frames.Send(a, outside, frame);
            Drain();
        }

        // The last frame goes the other way round, where nothing is lost: with it the test also knows that both directions work.
        Frames.Send(b, outside, Frames.Content(1, 60));
        a.Wait(TimeSpan.FromSeconds(10));
        Assert.Single(Frames.ReceiveAll(a));
        for (int waits = 0; got.Count < Count - lossy.Lost || lossy.Frames < Count; waits++)
        {
            Assert.True(waits < 10_000, $"{got.Count} frames came; seed {lossy.Seed}");
            b.Wait(TimeSpan.FromMilliseconds(100));
            Drain();
        }

        relay.Dispose();
        Assert.Equal(Count - lossy.Lost, got.Count);
        Assert.InRange(lossy.Lost, 30, 90);
        a.Dispose();
        b.Dispose();
        Assert.Equal((0, 0), (outside.InUse, _pool.InUse));

        void Drain() => Frames.ReceiveAll(b).ForEach(f => Assert.True(got.Add(BitConverter.ToInt32(f))));
    }

    [Fact]
    public void A_trace_shows_each_frame()
    {
        var trace = new TraceRing();
        trace.Enable(16);
        var (a, b) = MemoryLink.Create(_pool, _pool);
        using var traced = new TracingDevice(a, trace, 7, () => s_start);
        Frames.Send(traced, _pool, Frames.Content(1, 60));
        Frames.Send(b, _pool, Frames.Content(1, 70));
        Frames.ReceiveAll(traced);
        Assert.Equal([new(s_start, TraceKind.FrameSent, 7, 60, 0, 0), new(s_start, TraceKind.FrameReceived, 7, 70, 0, 0)], trace.Snapshot());
        b.Dispose();
    }

    private static FaultDecision[] Decide(FaultProfile profile, ulong seed)
    {
        var model = new FaultModel(profile, seed);
        return [.. Enumerable.Range(0, 5000).Select(i => model.Decide(100 + i % 1000, s_start + TimeSpan.FromMilliseconds(i)))];
    }
}
