using System.Globalization;

namespace Morgana.Bench;

/// <summary>Results for people.</summary>
internal static class Table
{
    public static void Write(List<Result> results, TextWriter to)
    {
        to.WriteLine($"{"name",-18} {"median",12} {"unit",-7} {"x CC64",7}   {"least",11} {"most",11} {"by wall",11}  last sample");
        foreach (var r in results)
            to.WriteLine($"{r.Name,-18} {Number(r.Value),12} {r.Unit,-7} {Ratio(r.Ratio),7}   {Number(r.Samples.Min()),11} {Number(r.Samples.Max()),11} {(r.Wall is { } wall ? Number(wall) : "-"),11}  {r.Note}");
    }

    /// <summary>A number with as many digits as mean something.</summary>
    public static string Number(double value) => value.ToString(value >= 1000 ? "N0" : value >= 100 ? "F1" : "F2", CultureInfo.InvariantCulture);

    private static string Ratio(double? value) => value is { } v ? v.ToString("F3", CultureInfo.InvariantCulture) : "-";
}
