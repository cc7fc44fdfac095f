using System.Text.RegularExpressions;
using Morgana.Core;

namespace Morgana.Network.Tests;

/// <summary>Every reason to drop a packet is named by a test, or stands here with the reason why not.</summary>
public sealed partial class DropReasonCoverageTests
{
    // What no test of the repository names, and why.
    private static readonly Dictionary<DropReason, string> Untested = new()
    {
        [DropReason.ConnectionGone] = "kept for its number: segments for connections that are gone count as NoSocket",
    };

    [Fact]
    public void Every_reason_has_a_test_or_an_excuse()
    {
        var named = new HashSet<string>();
        foreach (string file in Directory.EnumerateFiles(FindTests(), "*.cs", SearchOption.AllDirectories))
        {
            if (file.Contains("/obj/", StringComparison.Ordinal) || file.EndsWith("DropReasonCoverageTests.cs", StringComparison.Ordinal)) continue;
            foreach (Match match in Use().Matches(File.ReadAllText(file))) named.Add(match.Groups[1].Value);
        }

        Assert.DoesNotContain(Enum.GetValues<DropReason>(), r => !named.Contains(r.ToString()) && !Untested.ContainsKey(r));
    }

    private static string FindTests()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Morgana.slnx"))) return Path.Combine(folder.FullName, "tests");
        throw new DirectoryNotFoundException("The repository's root is not above the tests.");
    }

    [GeneratedRegex(@"DropReason\.(\w+)")]
    private static partial Regex Use();
}
