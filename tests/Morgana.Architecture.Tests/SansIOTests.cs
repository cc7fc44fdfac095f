using System.Text.RegularExpressions;

namespace Morgana.Architecture.Tests;

/// <summary>From Core to Network nothing awaits, reads a clock or draws randomness. The analyzer holds it; these hold the analyzer.</summary>
public partial class SansIOTests
{
    public static TheoryData<string> Rooms => ["Morgana.Core", "Morgana.Wire", "Morgana.Protocols", "Morgana.Network"];

    [Theory, MemberData(nameof(Rooms))]
    public void The_analyzer_of_banned_symbols_is_on(string project)
    {
        Assert.Equal("true", Assert.Single(Repository.Project(project).Descendants("MorganaSansIO")).Value);
        string props = Repository.Read("src/Directory.Build.props");
        Assert.Contains("Microsoft.CodeAnalysis.BannedApiAnalyzers", props);
        Assert.Contains("BannedSymbols.txt", props);
        Assert.Contains("<TreatWarningsAsErrors>true", Repository.Read("Directory.Build.props"));
    }

    [Fact]
    public void Clock_randomness_and_tasks_are_banned()
    {
        string banned = Repository.Read("src/BannedSymbols.txt");
        foreach (string symbol in new[] { "T:System.DateTime;", "T:System.Diagnostics.Stopwatch;", "T:System.TimeProvider;", "T:System.Random;", "T:System.Threading.Tasks.Task;", "T:System.Threading.Tasks.ValueTask;", "T:System.Threading.Thread;", "T:System.HashCode;" })
            Assert.Contains(symbol, banned);
    }

    [Theory, MemberData(nameof(Rooms))]
    public void Nobody_switches_the_ban_off(string project)
    {
        foreach (string file in Repository.Sources(project))
        {
            string text = Repository.Read(file);
            Assert.False(text.Contains("RS0030", StringComparison.Ordinal), $"{file} suppresses the analyzer.");
            Assert.False(Async().IsMatch(text), $"{file} awaits.");
        }
    }

    [GeneratedRegex(@"^\s*[^/\s].*\b(async\s|await\s)", RegexOptions.Multiline)]
    private static partial Regex Async();
}
