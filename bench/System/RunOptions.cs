namespace Morgana.Bench;

/// <summary>What the command line asks for.</summary>
internal sealed record RunOptions(IReadOnlyList<string> Names, bool Json, string? SvgFile, int Rounds, TimeSpan Sample)
{
    public const string Usage = "usage: bench/run [NAME…] [--quick] [--json] [--svg FILE] [--rounds N] [--jit]";

    /// <summary>Null, and what is wrong, if it makes no sense.</summary>
    public static RunOptions? Parse(string[] args, out string? complaint)
    {
        var names = new List<string>();
        bool json = false, quick = false;
        string? svg = null;
        int? rounds = null;
        complaint = null;
        for (int i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--json": json = true; break;
                case "--quick": quick = true; break;
                case "--svg" when i + 1 < args.Length: svg = args[++i]; break;
                case "--rounds" when i + 1 < args.Length && int.TryParse(args[i + 1], out int n) && n is > 0 and < 1000: (rounds, i) = (n, i + 1); break;
                case ['-', ..]: complaint = $"'{args[i]}' is not understood. {Usage}"; return null;
                default: names.Add(args[i]); break;
            }
        }

        return new(names, json, svg, rounds ?? (quick ? 3 : 7), TimeSpan.FromMilliseconds(quick ? 250 : 800));
    }
}
