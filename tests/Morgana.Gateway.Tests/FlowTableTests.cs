using Morgana.Core;
using Morgana.Gateway.Loop;

namespace Morgana.Gateway.Tests;

public class FlowTableTests
{
    private readonly FlowTable<TestFlow> _table = new(limit: 3);

    [Fact]
    public void The_longest_idle_flow_comes_first()
    {
        var (a, b, c) = (Add(0), Add(1), Add(2));
        Assert.Same(a, _table.Oldest);
        _table.Touch(a, At(3));
        Assert.Equal([b, c, a], _table.Snapshot());
    }

    [Fact]
    public void A_table_at_its_limit_is_full_until_a_flow_ends()
    {
        var first = Add(0);
        Add(1);
        Assert.False(_table.IsFull);
        Add(2);
        Assert.True(_table.IsFull);
        _table.Remove(first);
        Assert.False(_table.IsFull);
    }

    [Fact]
    public void The_next_timeout_is_that_of_the_longest_idle_flow()
    {
        Assert.Equal(Instant.Never, _table.WhenIdleFor(TimeSpan.FromMinutes(2)));
        var a = Add(5);
        Add(7);
        Assert.Equal(At(125), _table.WhenIdleFor(TimeSpan.FromMinutes(2)));
        _table.Touch(a, At(9));
        Assert.Equal(At(127), _table.WhenIdleFor(TimeSpan.FromMinutes(2)));
    }

    [Fact]
    public void A_flow_whose_host_operation_still_runs_is_counted_until_it_has_ended()
    {
        var flow = Add(0);
        flow.Busy = true;
        _table.Remove(flow);
        Assert.False(_table.IsIdle);
        _table.OnDrained();
        Assert.True(_table.IsIdle);
    }

    [Fact]
    public void Removing_twice_counts_once()
    {
        var flow = Add(0);
        flow.Busy = true;
        _table.Remove(flow);
        _table.Remove(flow);
        _table.OnDrained();
        Assert.True(_table.IsIdle);
    }

    private static Instant At(int seconds) => Instant.Zero + TimeSpan.FromSeconds(seconds);

    private TestFlow Add(int seconds)
    {
        var flow = new TestFlow();
        _table.Add(flow, At(seconds));
        return flow;
    }

    private sealed class TestFlow : Flow
    {
        public bool Busy { get; set; }

        public override bool IsIdle => !Busy;

        public override void Abort(Instant now)
        {
        }
    }
}
