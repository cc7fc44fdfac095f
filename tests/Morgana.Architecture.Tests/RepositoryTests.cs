using System.Text.RegularExpressions;

namespace Morgana.Architecture.Tests;

public partial class RepositoryTests
{
    /// <summary>Projects whose README is still to be written. The list only ever gets shorter.</summary>
    private static readonly string[] s_withoutReadme = [];

    /// <summary>Reasons that nothing returns yet. The list only ever gets shorter.</summary>
    private static readonly string[] s_unusedReasons = ["ConnectionGone"];

    [Fact]
    public void Every_project_says_why_it_exists()
    {
        var without = Repository.Projects.Where(p => !Repository.Files.Contains($"src/{p}/README.md"));
        Assert.Empty(without.Except(s_withoutReadme));
    }

    [Fact]
    public void No_file_is_longer_than_it_can_be_read()
    {
        var tooLong = Repository.Files
            .Where(f => f.StartsWith("src/", StringComparison.Ordinal) && f.EndsWith(".cs", StringComparison.Ordinal))
            .Select(f => (File: f, Lines: Repository.Read(f).Count(c => c == '\n')))
            .Where(f => f.Lines > 600);
        Assert.Empty(tooLong);
    }

    [Fact]
    public void No_text_names_a_place_on_somebodys_machine()
    {
        // Put together here, as this file is one of those that are looked through.
        string[] places = ["/wo" + "rk/", "/ho" + "me/", "/ro" + "ot/"];
        var naming = Repository.Files
            .Where(f => Text().IsMatch(f))
            .Where(f => places.Any(p => Repository.Read(f).Contains(p, StringComparison.Ordinal)));
        Assert.Empty(naming);
    }

    [Fact]
    public void Every_reason_to_drop_a_packet_is_one_for_which_packets_are_dropped()
    {
        var reasons = Reason().Matches(Repository.Read("src/Morgana.Core/DropReason.cs")).Select(m => m.Groups[1].Value).Where(r => r != "None").ToArray();
        Assert.True(reasons.Length > 40, "The enumeration was not understood.");
        string code = string.Concat(Repository.Files.Where(f => f.StartsWith("src/", StringComparison.Ordinal) && f.EndsWith(".cs", StringComparison.Ordinal)).Select(Repository.Read));
        var unused = reasons.Where(r => !Regex.IsMatch(code, $@"\bDropReason\.{r}\b"));
        Assert.Empty(unused.Except(s_unusedReasons));
    }

    [Fact]
    public void No_type_is_called_manager_helper_or_util()
    {
        foreach (string project in Repository.Projects)
            foreach (string file in Repository.Sources(project))
                Assert.False(Nameless().IsMatch(Repository.Read(file)), $"A type in {file} still waits for its real name.");
    }

    [GeneratedRegex(@"\.(cs|csproj|props|targets|slnx|md|json|txt|yml|html|css|js|sh|svg)$|/(run|test|morgana)$|^(test|morgana)$")]
    private static partial Regex Text();

    [GeneratedRegex(@"^    (\w+)(?: = 0)?,\s*$", RegexOptions.Multiline)]
    private static partial Regex Reason();

    [GeneratedRegex(@"\b(class|struct|interface|record)\s+\w*(Manager|Helper|Helpers|Util|Utils)\b")]
    private static partial Regex Nameless();
}
