namespace Morgana.Check.Tests;

public class CompilerWarningTests
{
    [Theory]
    [InlineData("/srv/ada/Shop/Orders.cs(14): Trim analysis warning IL2057: Shop.Orders.<ReadAsync>d__0.MoveNext(): Unrecognized value: 'typeName'.", "Orders.cs(14)", "IL2057", "Unrecognized value: 'typeName'.")]
    [InlineData("/srv/ada/Shop/Sub/A.cs(3): AOT analysis warning IL3050: A.B<T>(List`1<T>,Int32): Using member 'X' can break.", "Sub/A.cs(3)", "IL3050", "Using member 'X' can break.")]
    [InlineData("/_/src/Rows.cs(7): Trim analysis warning IL2026: Rows.Read(): Using member 'Y'.", "../../../_/src/Rows.cs(7)", "IL2026", "Using member 'Y'.")]
    public void A_line_is_taken_apart(string line, string place, string code, string text)
    {
        var finding = CompilerWarnings.Parse(line, "/srv/ada/Shop")!;
        Assert.Equal((Verdict.MayFail, place, code, text), (finding.Verdict, finding.ToString(), finding.What, finding.Why));
    }

    [Theory]
    [InlineData("/p/rows.dll : warning IL2104: Assembly 'Rows' produced trim warnings. For more information see https://aka.ms/il2104", "trimming")]
    [InlineData("/p/rows.dll : warning IL3053: Assembly 'Rows' produced AOT analysis warnings.", "ahead of time")]
    public void A_package_is_named_once(string line, string reason)
    {
        var finding = CompilerWarnings.Parse(line, "/srv/ada/Shop")!;
        Assert.Equal("Rows", finding.ToString());
        Assert.Contains(reason, finding.Why, StringComparison.Ordinal);
    }

    [Theory, InlineData(""), InlineData("Shop -> /srv/ada/Shop/bin/Shop.dll"), InlineData("(1): warning IL2026"), InlineData("a(99999999999999): warning IL2026: b")]
    public void Anything_else_is_nothing(string line) => Assert.Null(CompilerWarnings.Parse(line, "/"));
}
