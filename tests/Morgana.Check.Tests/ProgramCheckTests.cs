using Morgana.Check.Code;

namespace Morgana.Check.Tests;

/// <summary>The program beside this file, looked at as if a compiler had put some of its methods into an image.</summary>
public class ProgramCheckTests
{
    private const string Own = "Morgana.Check.Tests", Folder = "/somewhere/Odd";
    private static readonly MemberName s_start = new("System.Diagnostics.Process", "System.Diagnostics.Process", "Start", 1);

    [Fact]
    public void A_call_in_an_asynchronous_method_is_found_at_its_line()
    {
        var finding = Assert.Single(Check(new MemberName(Own, "Odd.Program+<StartAsync>d__0", "MoveNext", 0), s_start));
        Assert.Equal((Verdict.Fails, "Process.Start", "Program.cs(13)"), (finding.Verdict, finding.What, finding.ToString()));
        Assert.Contains("PlatformNotSupportedException", finding.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_field_is_found_which_no_method_list_names()
    {
        var finding = Assert.Single(Check(Method("Everywhere", 0)));
        Assert.Equal((Verdict.Differs, "IPAddress.IPv6Any", "Program.cs(20)"), (finding.Verdict, finding.What, finding.ToString()));
    }

    [Fact]
    public void A_native_library_is_found_behind_methods_that_were_inlined_and_one_of_Windows_is_not()
    {
        var finding = Assert.Single(Check(Method("Outer", 0)));
        Assert.Equal(Verdict.Fails, finding.Verdict);
        Assert.Contains("'odd'", finding.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lambda_is_the_method_that_it_stands_in()
    {
        var cultures = new MemberName("System.Runtime", "System.Globalization.CultureInfo", "GetCultureInfo", 1);
        var lambda = Method("Cultures", 1) with { Type = "Odd.Program+<>c", Name = "<Cultures>b__4_0" };
        Assert.Equal("Program.cs(50)", Assert.Single(Check(lambda, cultures)).ToString());
        Assert.Equal("Program.Cultures", SourceName.Of(lambda));
    }

    [Fact]
    public void What_was_not_compiled_is_not_told()
    {
        Assert.Empty(Check(Method("Ordinary", 1), s_start));
        // The call stands there, and the compiler found that it is never made.
        Assert.Empty(Check(Method("Nobody", 0)));
    }

    [Fact]
    public void A_method_of_a_type_in_a_generic_type_is_a_packages_by_name()
    {
        var package = new ReferenceAssembly(typeof(ProgramCheckTests).Assembly.Location, Origin.Package, "Boxes 2.0.1");
        var found = ProgramCheck.Run([package], new CompiledMethods([new(Own, "Odd.Box`1+Lid", "Close", 1), s_start]), Folder);
        Assert.Equal("Boxes 2.0.1, Box`1.Lid.Close", Assert.Single(found).ToString());
    }

    [Theory]
    [InlineData("Shop.Orders", "<Find>g__Local|1_0", "Orders.Find")]
    [InlineData("Shop.Orders+<>c__DisplayClass2_0", "<Find>b__1", "Orders.Find")]
    [InlineData("Shop.Orders+<ReadAsync>d__4", "MoveNext", "Orders.ReadAsync")]
    [InlineData("Shop.Orders+<>c__DisplayClass2_0+<<Find>b__0>d", "MoveNext", "Orders.Find")]
    [InlineData("Shop.Orders", ".ctor", "Orders")]
    [InlineData("Shop.Orders+Line", "Sum", "Orders.Line.Sum")]
    [InlineData("Program", "<Main>$", "Program.Main")]
    public void Methods_have_the_names_that_their_authors_gave_them(string type, string name, string known) =>
        Assert.Equal(known, SourceName.Of(new("Shop", type, name, 0)));

    [Fact]
    public void A_file_that_is_no_report_is_said_to_be_none()
    {
        Assert.Throws<BadImageFormatException>(() => CompiledMethods.Read(typeof(ProgramCheckTests).Assembly.Location));
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "no assembly");
            Assert.Throws<BadImageFormatException>(() => CompiledMethods.Read(file));
            Assert.Throws<BadImageFormatException>(() => new AssemblyCode(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static MemberName Method(string name, int parameters) => new(Own, "Odd.Program", name, parameters);

    private static IReadOnlyList<Finding> Check(params MemberName[] compiled) =>
        ProgramCheck.Run([new ReferenceAssembly(typeof(ProgramCheckTests).Assembly.Location, Origin.Program, Own)], new CompiledMethods(compiled), Folder);
}
