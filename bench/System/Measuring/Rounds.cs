namespace Morgana.Bench;

/// <summary>What was measured of one benchmark: medians, and every sample.</summary>
internal sealed record Result(string Name, string Unit, double Value, double? Wall, double? Ratio, double[] Samples, string Note);

/// <summary>Runs benchmarks in turns, each between two runs of the reference loop, so that what else the machine does hits both alike.</summary>
internal static class Rounds
{
    public static List<Result> Run(IReadOnlyList<Benchmark> benchmarks, RunOptions options)
    {
        var series = benchmarks.Select(b => new Series(b)).ToList();
        var references = new List<double>();
        var referenceTime = options.Sample / 3;
        Reference.Cc64(referenceTime);
        for (int round = 0; round < options.Rounds; round++)
            foreach (var one in series) one.Add(options.Sample, referenceTime, references);

        var results = new List<Result> { new("cc64", "Gbit/s", Median(references), null, 1, [.. references], Reference.Description) };
        results.AddRange(series.Select(s => s.ToResult()));
        return results;
    }

    private static double Median(List<double> values)
    {
        double[] sorted = [.. values];
        Array.Sort(sorted);
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private sealed class Series(Benchmark benchmark)
    {
        private readonly List<double> _values = [], _walls = [], _ratios = [];
        private string _note = "";

        public void Add(TimeSpan duration, TimeSpan referenceTime, List<double> references)
        {
            double before = Reference.Cc64(referenceTime);
            var sample = benchmark.Measure(duration);
            double reference = (before + Reference.Cc64(referenceTime)) / 2;
            references.Add(reference);
            _values.Add(sample.Value);
            _note = sample.Note;
            if (sample.Wall is { } wall) _walls.Add(wall);
            if (RatioOf(sample.Value, reference) is { } ratio) _ratios.Add(ratio);
        }

        public Result ToResult() => new(
            benchmark.Name, benchmark.Unit, Median(_values), _walls.Count > 0 ? Median(_walls) : null, _ratios.Count > 0 ? Median(_ratios) : null, [.. _values], _note);

        private double? RatioOf(double value, double reference) => benchmark.Comparison switch
        {
            Comparison.Bits => value / reference,
            Comparison.Operations => value / (reference * 1e9 / 8 / Reference.Segment),
            _ => null,
        };
    }
}
