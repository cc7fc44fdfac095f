using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Morgana.Protocols.Tests.Tcp;

/// <summary>The sender's bookkeeping against naive models.</summary>
public class ScoreboardTests
{
    [Fact]
    public void Ranges_agree_with_a_set_of_numbers()
    {
        var stack = new Script().Stack;
        for (int seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            var origin = new SequenceNumber(unchecked((uint)-500 + (uint)seed));
            var ranges = new SackedRanges();
            var model = new HashSet<int>();
            int una = 0;
            for (int step = 0; step < 300; step++)
            {
                int start = una + random.Next(1000), end = start + 1 + random.Next(random.Next(3) == 0 ? 200 : 8);
                if (random.Next(10) == 0)
                {
                    una += random.Next(60);
                    ranges.Forget(origin + una, stack);
                    model.RemoveWhere(n => n < una);
                }
                else if (ranges.TryAdd(origin + start, origin + end, stack))
                {
                    model.UnionWith(Enumerable.Range(start, end - start));
                }
                else
                {
                    Assert.Equal(SackedRanges.Limit, ranges.Count);
                }

                Assert.Equal(model.Count, Enumerable.Range(0, ranges.Count).Sum(i => ranges[i].End - ranges[i].Start));
                for (int i = 1; i < ranges.Count; i++) Assert.True(ranges[i].Start > ranges[i - 1].End, $"seed {seed}: ranges touch or overlap");
                int from = una + random.Next(1000), to = from + random.Next(100);
                int gap = Enumerable.Range(from, to - from).FirstOrDefault(n => !model.Contains(n), -1);
                Assert.Equal(gap >= 0, ranges.TryFindGap(origin + from, origin + to, out var found));
                if (gap < 0) continue;
                Assert.Equal(gap, found.Start - origin);
                Assert.Equal(to - from, Enumerable.Range(from, to - from).Count(n => n < gap || (n < found.End - origin ? !model.Contains(n) : true)));
            }

            ranges.Clear(stack);
        }
    }

    [Fact]
    public void Records_agree_with_a_list()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            var pool = new RecordPool();
            var records = new SegmentRecords();
            var flight = new List<uint>();      // By start: what is in flight, in order of sending,
            var lost = new List<uint>();        // and what is lost, in order of finding.
            var next = new SequenceNumber(uint.MaxValue - 3000);
            for (int step = 0; step < 500; step++)
            {
                int index = random.Next(Math.Max(1, records.Count));
                switch (random.Next(records.Count == 0 ? 3 : 9))
                {
                    case < 3:
                        int length = random.Next(1, 100);
                        records.Add(next, length, false, pool);
                        flight.Add(next.Value);
                        next += length;
                        break;
                    case < 8:
                        var fate = (SegmentFate)random.Next(3);
                        uint start = records[index].Start.Value;
                        records.SetFate(records.PlaceOf(index), fate);
                        flight.Remove(start);
                        lost.Remove(start);
                        if (fate == SegmentFate.InFlight) flight.Add(start);
                        else if (fate == SegmentFate.Lost) lost.Add(start);
                        break;
                    default:
                        uint first = records[0].Start.Value;
                        records.RemoveFirst(pool);
                        flight.Remove(first);
                        lost.Remove(first);
                        break;
                }

                AssertSame(ref records, flight, lost);
            }

            records.LoseAll();
            Assert.Equal((0, 0), (records.InFlight, records.SackedCount));
            if (records.Count > 0) Assert.Equal(next - records[0].Start, records.Lost);
        }
    }

    private static void AssertSame(ref SegmentRecords records, List<uint> flight, List<uint> lost)
    {
        Assert.Equal(records.Count, flight.Count + lost.Count + records.SackedCount);
        int flightOctets = 0, lostOctets = 0;
        for (int i = 0; i < records.Count; i++)
        {
            if (records[i].Fate == SegmentFate.InFlight) flightOctets += records[i].SequenceLength;
            if (records[i].Fate == SegmentFate.Lost) lostOctets += records[i].SequenceLength;
            Assert.Equal(i, records.IndexOf(records.PlaceOf(i)));
            Assert.Equal(i, records.Find(records[i].Start));
        }

        Assert.Equal((flightOctets, lostOctets), (records.InFlight, records.Lost));
        int place = flight.Count > 0 ? records.OldestInFlight : -1;
        foreach (uint start in flight)
        {
            Assert.Equal(start, records.At(place).Start.Value);
            place = records.At(place).Next;
        }

        Assert.Equal(-1, place);
        if (lost.Count > 0) Assert.Equal(lost[0], records.At(records.OldestLost).Start.Value);
    }
}
