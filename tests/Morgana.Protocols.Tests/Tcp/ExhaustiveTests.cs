using Morgana.Core;
using Morgana.Protocols.Tcp;
using Xunit.Abstractions;

namespace Morgana.Protocols.Tests.Tcp;

/// <summary>
/// Every order of events of a small world, as far as it goes: each state that is reached is checked, and from each the connection must come to
/// its end. The default run explores the small worlds whole and a part of the others; MORGANA_LONG=1 goes further.
/// </summary>
public class ExhaustiveTests(ITestOutputHelper output)
{
    private static bool IsLong => Environment.GetEnvironmentVariable("MORGANA_LONG") is not null;

    [Fact]
    public void Opening_and_closing_in_every_order() => Explore(new(), atLeast: 50, limit: 100_000);

    [Fact]
    public void One_octet_each_way_in_every_order() => Explore(new(Writes: 1), atLeast: 500, limit: IsLong ? 300_000 : 10_000);

    [Fact]
    public void One_octet_each_way_and_one_segment_lost() => Explore(new(Writes: 1, Drops: 1), atLeast: 500, limit: IsLong ? 300_000 : 10_000);

    [Fact]
    public void Both_open_and_either_may_abort_and_one_segment_is_lost() =>
        Explore(new(Writes: 1, Drops: 1, IsSimultaneous: true, CanAbort: true), atLeast: 500, limit: IsLong ? 300_000 : 10_000);

    [Fact]
    public void One_segment_comes_twice_and_one_overtakes_another() =>
        Explore(new(Writes: 1, Duplicates: 1, Swaps: 1), atLeast: 500, limit: IsLong ? 300_000 : 10_000);

    // First in, first out: so that a part of a world is the part near its beginning.
    private void Explore(WorldLimits limits, int atLeast, int limit)
    {
        var pool = new BufferPool(MemoryRegion.Pinned(256 << 10));
        var seen = new HashSet<string>();
        var pairs = new HashSet<(TcpState, TcpState)>();
        var next = new Queue<(WorldEvent, int)[]>([[]]);
        int transitions = 0, cut = 0;
        while (transitions < limit && next.TryDequeue(out var path))
        {
            transitions++;
            try
            {
                var world = Replay(limits, pool, path);
                if (world.IsOverflown) cut++;
                else if (seen.Add(world.Key()))
                {
                    pairs.Add(world.States);
                    foreach (var choice in world.Enabled()) next.Enqueue([.. path, choice]);
                }

                world.Finish();
            }
            catch (Exception error)
            {
                Assert.Fail($"{limits}: {string.Join(' ', path)}: {error.Message}\n{error.StackTrace}");
            }
        }

        output.WriteLine($"{limits}: {seen.Count} states, {transitions} transitions, {pairs.Count} pairs of states, {cut} cut, {next.Count} left");
        Assert.True(seen.Count >= atLeast, $"only {seen.Count} states were reached");
    }

    private static World Replay(WorldLimits limits, BufferPool pool, (WorldEvent What, int Side)[] path)
    {
        var world = new World(limits, pool, new Checker(limits.ToString()));
        foreach (var (what, side) in path) world.Do(what, side);
        return world;
    }
}
