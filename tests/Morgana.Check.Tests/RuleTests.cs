using System.Reflection;

namespace Morgana.Check.Tests;

public class RuleTests
{
    private const BindingFlags Any = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static TheoryData<string> Named => [.. Rules.All.SelectMany(r => r.Members.Select(m => $"{r.Type} {m}"))];

    [Theory, MemberData(nameof(Named))]
    public void What_a_rule_names_is_there_in_dotNET(string named)
    {
        string[] parts = named.Split(' ');
        var type = Directory.GetFiles(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "System*.dll")
            .Select(f => Assembly.Load(Path.GetFileNameWithoutExtension(f)).GetType(parts[0])).FirstOrDefault(t => t is not null);
        Assert.True(type is not null, $"There is no type {parts[0]}.");
        Assert.NotEmpty(type.GetMember(parts[1], Any));
    }
}
