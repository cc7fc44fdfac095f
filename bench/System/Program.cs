using Morgana.Bench;

var options = RunOptions.Parse(args, out string? complaint);
if (options is null)
{
    Console.Error.WriteLine(complaint);
    return 64;
}

if (options.List)
{
    foreach (string name in Catalogue.Names) Console.WriteLine(name);
    return 0;
}

var benchmarks = Catalogue.Make(options.Names);
if (benchmarks.Count == 0)
{
    Console.Error.WriteLine($"There is no such benchmark; there are: {string.Join(", ", Catalogue.Names)}.");
    return 64;
}

var results = Rounds.Run(benchmarks, options);
if (options.Json) JsonLines.Write(results, Console.Out);
else Table.Write(results, Console.Out);
if (options.SvgFile is { } file)
{
    File.WriteAllText(file, Chart.ToSvg(results));
    Console.Error.WriteLine($"Chart: {file}");
}

return 0;
