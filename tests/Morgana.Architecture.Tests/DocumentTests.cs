using System.Text.RegularExpressions;

namespace Morgana.Architecture.Tests;

/// <summary>What the pages promise, held to what is there.</summary>
public partial class DocumentTests
{
    public static TheoryData<string> Pages => [.. Repository.Files.Where(f => f.EndsWith(".md", StringComparison.Ordinal))];

    [Theory, MemberData(nameof(Pages))]
    public void Every_link_leads_to_a_file_of_the_repository(string page)
    {
        var missing = Links(Repository.Read(page)).Where(l => !Exists(Resolve(page, l)));
        Assert.Empty(missing);
    }

    [Fact]
    public void What_works_of_MirageOS_is_held_by_tests_that_are_there()
    {
        const string page = "docs/coming-from-mirageos.md";
        var rows = Repository.Read(page).Split("\n## ")[0].Split('\n').Where(l => l.StartsWith("| ", StringComparison.Ordinal)).Skip(1).Select(l => l.Split(" | ")).ToArray();
        Assert.True(rows.Length > 30, "The table was not understood.");
        foreach (string[] row in rows)
        {
            string state = row[^1];
            Assert.False(state.StartsWith("works", StringComparison.Ordinal), $"{row[0]} works, and nothing holds it.");
            Assert.All(Links(state).Select(l => Resolve(page, l)), t => Assert.True(t.StartsWith("tests/", StringComparison.Ordinal) && Repository.Files.Any(f => f.StartsWith(t, StringComparison.Ordinal) && HasTests(f)), $"{row[0]}: {t} holds no test."));
        }

        Assert.True(rows.Count(r => r[^1].Contains("[works]", StringComparison.Ordinal)) > 15, "Few of the rows say what holds them.");
    }

    [Fact]
    public void Every_sample_is_on_the_page_of_samples()
    {
        string page = Repository.Read("samples/README.md");
        var samples = Repository.Files.Where(f => f.StartsWith("samples/", StringComparison.Ordinal) && f.EndsWith(".csproj", StringComparison.Ordinal)).Select(f => f.Split('/')[1]);
        Assert.DoesNotContain(samples, s => !page.Contains($"]({s}", StringComparison.Ordinal));
    }

    private static bool HasTests(string file) => file.EndsWith(".cs", StringComparison.Ordinal) && Test().IsMatch(Repository.Read(file));

    private static bool Exists(string path) => path.Length == 0 || File.Exists(Path.Combine(Repository.Root, path)) || Directory.Exists(Path.Combine(Repository.Root, path));

    private static IEnumerable<string> Links(string text) =>
        Link().Matches(Code().Replace(text, "")).Select(m => m.Groups[1].Value.Split('#')[0]).Where(l => l.Length > 0 && !l.Contains(':', StringComparison.Ordinal));

    private static string Resolve(string page, string link) =>
        Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(page)!, link)));

    [GeneratedRegex(@"```.*?```", RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\[\w*(Fact|Theory)\b|: \w+Contract\b|abstract class \w+Contract\b")]
    private static partial Regex Test();
}
