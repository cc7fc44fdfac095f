namespace Morgana.Composition.Tests;

/// <summary>A graph at run time: what starts, in which order, and what tests put in the place of its parts.</summary>
public class GraphTests
{
    private static Bindings Whole(params string[] arguments) => new Bindings().Pass(arguments).Secret("data-key", "s3cret\n"u8.ToArray()).Attach(DeviceHandle.ParseList("disk=file,fd=7")[0]);

    private static async Task<(int Status, string Said)> RunAsync(Bindings bindings, CancellationToken stop = default)
    {
        string said = "";
        Notes.Said.Value = line => said = line;
        await using var graph = Notes.Compose(bindings);
        await graph.StartAsync();
        return (await graph.RunAsync(stop), said);
    }

    [Fact]
    public async Task Parts_start_after_what_they_need_and_stop_before_it()
    {
        var journal = Journal.Begin();
        var (status, said) = await RunAsync(Whole());
        Assert.Equal("hello1: 10.0.0.1, 4 on file at 7 with s3cret", said);
        Assert.Equal(6, status);
        Assert.Equal(["network starts", "block starts", "store starts"], journal[..3]);
        Assert.Equal(["notes stop", "store stops", "block stops", "network stops"], journal[3..]);
    }

    [Fact]
    public async Task Parts_that_need_not_each_other_start_at_the_same_time()
    {
        Journal.Begin();
        SampleParts.Meeting.Value = (new(), new());
        await RunAsync(Whole());
    }

    [Fact]
    public async Task Boot_arguments_reach_their_parts()
    {
        Journal.Begin();
        var (_, said) = await RunAsync(Whole("--address=10.9.9.9", "--data-size", "64", "--greeting=hi"));
        Assert.Equal("hi: 10.9.9.9, 64 on file at 7 with s3cret", said);
    }

    [Fact]
    public async Task What_a_bound_part_would_have_needed_never_starts()
    {
        var journal = Journal.Begin();
        // Neither the disk nor the key is there, and nobody misses them.
        var (_, said) = await RunAsync(new Bindings().Bind(new Store("bound"), "data").Bind(new Network("virtual")));
        Assert.Equal("hello1: virtual, bound", said);
        Assert.Equal(["notes stop"], journal);      // What was bound is its owner's to stop.
    }

    [Fact]
    public async Task A_binding_without_a_name_does_not_replace_a_part_that_has_one()
    {
        Journal.Begin();
        var (_, said) = await RunAsync(Whole().Bind(new Store("bound")));
        Assert.EndsWith("with s3cret", said);
    }

    [Fact]
    public async Task A_part_that_fails_takes_those_down_that_had_started()
    {
        var journal = Journal.Begin();
        var graph = Notes.Compose(Whole("--address=bad"));
        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => graph.StartAsync());
        Assert.Equal("no such address", e.Message);
        Assert.Contains("store stops", journal);
        Assert.True(journal.IndexOf("store stops") < journal.IndexOf("block stops"));
        Assert.DoesNotContain("network starts", journal);
        Assert.Equal("INetwork", graph.FailedPart);
    }

    [Fact]
    public async Task A_start_that_is_cancelled_leaves_nothing_behind()
    {
        var journal = Journal.Begin();
        using var cancel = new CancellationTokenSource();
        var graph = Notes.Compose(Whole("--address=never"));
        var starting = graph.StartAsync(cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
        Assert.Equal(journal.Count(l => l.EndsWith("starts", StringComparison.Ordinal)), journal.Count(l => l.EndsWith("stops", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_unikernel_hears_that_it_is_to_stop()
    {
        Journal.Begin();
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        var (status, _) = await RunAsync(Whole("--greeting=wait"), stop.Token);
        Assert.Equal(0, status);
    }

    [Fact]
    public async Task A_part_that_does_not_stop_is_left_after_a_while()
    {
        await using var graph = new OnePart(new Bindings(), new NeverStops(), TimeSpan.FromMilliseconds(20));
        await graph.StartAsync();
        await graph.DisposeAsync();
        Assert.Equal(["the part did not stop within 0.02 seconds"], graph.Unstopped);
    }

    [Fact]
    public async Task A_part_that_fails_to_stop_is_named_and_the_others_are_stopped()
    {
        await using var graph = new OnePart(new Bindings(), new FailsToStop(), TimeSpan.FromMinutes(5));
        await graph.StartAsync();
        await graph.DisposeAsync();
        Assert.Equal(["the part did not stop: broken"], graph.Unstopped);
        Assert.True(graph.First.IsStopped);
    }

    [Fact]
    public async Task A_part_that_does_not_start_in_time_is_named_with_its_program()
    {
        await using var graph = new Late(new Bindings());
        var e = await Assert.ThrowsAsync<TimeoutException>(() => graph.StartAsync());
        Assert.Equal("The parts of late did not start within 0.02 seconds.", e.Message);
    }

    private sealed class OnePart(Bindings bindings, object part, TimeSpan limit) : Graph(bindings)
    {
        private Task<Stoppable>? _first;
        private Task<object>? _part;

        public override string Name => "one-part";

        public override IReadOnlyList<ArgumentDescription> Arguments => [];

        public override TimeSpan StopLimit => limit;

        public Stoppable First { get; } = new();

        protected override async Task StartPartsAsync()
        {
            await Part(ref _first, "1", "the first", () => Task.FromResult(First));
            await Part(ref _part, "2", "the part", () => Task.FromResult(part));
        }
    }

    private sealed class Stoppable : IAsyncDisposable
    {
        public bool IsStopped { get; private set; }

        public ValueTask DisposeAsync()
        {
            IsStopped = true;
            return default;
        }
    }

    private sealed class NeverStops : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await new TaskCompletionSource().Task;
    }

    private sealed class FailsToStop : IDisposable
    {
        public void Dispose() => throw new InvalidOperationException("broken");
    }

    private sealed class Late(Bindings bindings) : Graph(bindings)
    {
        private Task<object>? _late;

        public override string Name => "late";

        public override IReadOnlyList<ArgumentDescription> Arguments => [];

        public override TimeSpan StartLimit => TimeSpan.FromMilliseconds(20);

        protected override Task StartPartsAsync() => Part(ref _late, null, "the late", () => new TaskCompletionSource<object>().Task);
    }
}
