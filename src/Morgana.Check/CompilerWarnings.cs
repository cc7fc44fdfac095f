using System.Text.RegularExpressions;

namespace Morgana.Check;

/// <summary>What the ahead-of-time compiler was not sure of, from the lines that it writes.</summary>
public static partial class CompilerWarnings
{
    /// <summary>Reads a file of such lines.</summary>
    /// <param name="file">Lines as MSBuild shows them.</param>
    /// <param name="folder">The project's folder, which source files are shown from.</param>
    public static IEnumerable<Finding> Read(string file, string folder) => File.ReadLines(file).Select(l => Parse(l, folder)).OfType<Finding>().Distinct();

    internal static Finding? Parse(string line, string folder)
    {
        if (Package().Match(line) is { Success: true } package)
            return new(Verdict.MayFail, package.Groups["code"].Value, package.Groups["assembly"].Value, 0, $"the package was not made for {(package.Groups["kind"].Value == "trim" ? "trimming: what it looks for by reflection may be missing" : "compiling ahead of time: code that it would make at run time cannot be made")}", "a newer version, if its author says that it is ready for NativeAOT");
        if (Own().Match(line) is not { Success: true } own) return null;
        string place = own.Groups["file"].Value;
        if (Path.IsPathRooted(place)) place = Path.GetRelativePath(folder, place);
        return new(Verdict.MayFail, own.Groups["code"].Value, place, int.Parse(own.Groups["line"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture), own.Groups["text"].Value, null);
    }

    [GeneratedRegex(@"warning (?<code>IL\d{4}): Assembly '(?<assembly>[^']+)' produced (?<kind>trim|AOT)")]
    private static partial Regex Package();

    // The compiler names the method, which the line says as well.
    [GeneratedRegex(@"^(?<file>[^(]+)\((?<line>\d{1,9})(,\d+)?\): (\w+ analysis )?warning (?<code>IL\d{4}): ([^:]*\): )?(?<text>.+)$")]
    private static partial Regex Own();
}
