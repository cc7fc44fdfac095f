using Morgana.Bench;

var options = RunOptions.Parse(args, out string? complaint);
if (options is null)
{
    Console.Error.WriteLine(complaint);
    return 64;
}

var all = new (string Name, Func<Benchmark> Make)[]
{
    ("bulk", () => new Bulk()),
    ("connect-close", () => new ConnectClose()),
    ("ping-pong", () => new PingPong()),
    ("udp", () => new UdpDatagrams()),
    ("idle-memory", () => new IdleMemory()),
    ("loss-0.1%", () => new Loss("loss-0.1%", 0.001)),
    ("loss-1%", () => new Loss("loss-1%", 0.01)),
};
var chosen = all.Where(b => options.Names.Count == 0 || options.Names.Any(n => b.Name.StartsWith(n, StringComparison.Ordinal))).ToArray();
if (chosen.Length == 0)
{
    Console.Error.WriteLine($"There is no such benchmark; there are: {string.Join(", ", all.Select(b => b.Name))}.");
    return 64;
}

var results = Rounds.Run(chosen.Select(b => b.Make()).ToArray(), options);
if (options.Json) Report.WriteJson(results, Console.Out);
else Report.WriteTable(results, Console.Out);
if (options.SvgFile is { } file) File.WriteAllText(file, Report.ToSvg(results));
return 0;
