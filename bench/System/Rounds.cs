namespace Morgana.Bench;

/// <summary>What was measured of one benchmark.</summary>
internal sealed record Result(string Name, string Unit, double Value, double? Ratio, double[] Samples, string Note);

/// <summary>Runs benchmarks in turns, the reference loop beside each, so that what else the machine does hits all of them alike.</summary>
internal static class Rounds
{
    public static List<Result> Run(Benchmark[] benchmarks, RunOptions options)
    {
        var samples = benchmarks.ToDictionary(b => b, _ => new List<double>());
        var ratios = benchmarks.ToDictionary(b => b, _ => new List<double>());
        var references = new List<double>();
        var referenceTime = TimeSpan.FromMilliseconds(options.Sample.TotalMilliseconds / 3);
        ReferenceLoop.Measure(referenceTime);
        for (int round = 0; round < options.Rounds; round++)
        {
            foreach (var benchmark in benchmarks)
            {
                double before = ReferenceLoop.Measure(referenceTime);
                double value = benchmark.Sample(options.Sample);
                double reference = (before + ReferenceLoop.Measure(referenceTime)) / 2;
                references.Add(reference);
                samples[benchmark].Add(value);
                if (RatioOf(benchmark, value, reference) is { } ratio) ratios[benchmark].Add(ratio);
            }
        }

        var results = new List<Result> { new("cc64", "Gbit/s", Median(references), 1, [.. references], "the reference loop") };
        foreach (var b in benchmarks)
            results.Add(new(b.Name, b.Unit, Median(samples[b]), ratios[b].Count > 0 ? Median(ratios[b]) : null, [.. samples[b]], b.Note));
        return results;
    }

    private static double? RatioOf(Benchmark benchmark, double value, double reference) => benchmark.Comparison switch
    {
        Comparison.Bits => value / reference,
        Comparison.Operations => value / (reference * 1e9 / 8 / ReferenceLoop.Segment),
        _ => null,
    };

    private static double Median(List<double> values)
    {
        double[] sorted = [.. values];
        Array.Sort(sorted);
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
