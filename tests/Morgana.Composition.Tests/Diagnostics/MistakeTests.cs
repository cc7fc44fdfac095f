using Microsoft.CodeAnalysis;

namespace Morgana.Composition.Tests;

/// <summary>Every mistake in a graph, where it is reported and what is said: docs/diagnostics.</summary>
public class MistakeTests
{
    private const string Run = "public Task RunAsync(CancellationToken stop) => Task.CompletedTask;";

    [Fact]
    public void What_nothing_provides_is_missing_at_the_parameter() =>
        Snippet.Compile($"public interface IClock; [Unikernel] public sealed partial class U(INetwork network, IClock [|clock|]) {{ {Run} }}")
            .Complains("MORG001", "U needs IClock", "[Provides] static IClock");

    [Fact]
    public void A_part_without_a_name_is_not_taken_from_a_provider_of_one_name() =>
        Snippet.Compile($$"""
            public interface IClock;
            [Unikernel] public sealed partial class U(IClock [|clock|]) { {{Run}} }
            static class Wiring { [Provides("wall")] internal static IClock Wall(INetwork network) => throw new(); }
            """).Complains("MORG001", "Wiring.Wall ('wall')", "[Device");

    [Fact]
    public void What_a_packages_provider_lacks_is_reported_where_the_project_asked_for_it() =>
        Snippet.Compile($"[Unikernel] public sealed partial class U(IStore [|store|]) {{ {Run} }}", uses: "IStore=Log").Complains("MORG001", "Packaged.Log needs IBlock", "[Device(");

    [Fact]
    public void Several_providers_and_no_default_are_ambiguous() =>
        Snippet.Compile($"[Unikernel] public sealed partial class U([Device(\"data\")] IStore [|store|]) {{ {Run} }}")
            .Complains("MORG002", "U needs IStore 'data'", "Packaged.Log, Packaged.Memory", "<MorganaUse Include=\"IStore\"");

    [Fact]
    public void A_part_that_needs_itself_is_a_circle()
    {
        string source = $$"""
            public interface IA; public interface IB;
            [Unikernel] public sealed partial class U(IA a) { {{Run}} }
            static class Wiring
            {
                [Provides] internal static IA A(IB b) => throw new();
                [Provides] internal static IB B(IA [|a|]) => throw new();
            }
            """;
        Snippet.Compile(source).Complains("MORG003", "IA (Wiring.A) needs IB (Wiring.B) needs IA");
    }

    [Fact]
    public void A_part_that_does_not_work_on_a_declared_target_is_unfit() =>
        Snippet.Compile($"[Unikernel] public sealed partial class U(INetwork [|network|]) {{ {Run} }}", targets: "process,vm", uses: "INetwork=HostSockets")
            .Complains("MORG004", "Packaged.HostSockets", "does not work on vm", "process, managed");

    [Fact]
    public void A_device_without_a_driver_for_any_declared_target_is_unfit() =>
        Snippet.Compile($"[Unikernel] public sealed partial class U(ISerial [|port|]) {{ {Run} }}", targets: "process").Complains("MORG004", "ISerial", "vm");

    [Fact]
    public void A_device_without_a_driver_for_one_of_the_declared_targets_is_unfit() =>
        Snippet.Compile($"[Unikernel] public sealed partial class U([Device(\"disk\")] IBlock [|disk|]) {{ {Run} }}", targets: "process,sandbox").Complains("MORG004", "sandbox");

    [Fact]
    public void Two_boot_arguments_of_one_name_clash() =>
        Snippet.Compile($$"""[Unikernel] public sealed partial class U(INetwork network) { [BootArgument] public string [|Address|] { get; init; } = ""; {{Run}} }""")
            .Complains("MORG005", "--address", "U", "Packaged.Direct");

    [Fact]
    public void Nobody_may_take_help_for_himself() =>
        Snippet.Compile($$"""[Unikernel] public sealed partial class U { [BootArgument] public string [|Help|] { get; init; } = ""; {{Run}} }""").Complains("MORG005", "--help");

    [Fact]
    public void Two_devices_of_one_name_clash() =>
        Snippet.Compile($"[Unikernel] public sealed partial class U([Device(\"x\")] IBlock disk, [Device(\"x\")] ISerial [|port|]) {{ {Run} }}").Complains("MORG006", "'x'", "IBlock", "ISerial");

    [Fact]
    public void A_provider_of_the_projects_own_that_nobody_needs_is_a_warning()
    {
        var snippet = Snippet.Compile($$"""
            [Unikernel] public sealed partial class U(INetwork network) { {{Run}} }
            static class Wiring { [Provides("old")] internal static IStore [|Old|]() => throw new(); }
            """).Complains("MORG007", "IStore 'old'", "Wiring.Old");
        Assert.Equal(DiagnosticSeverity.Warning, Assert.Single(snippet.Diagnostics).Severity);
    }

    [Theory]
    [InlineData("public sealed class [|U|] { public void Run() { } }", "not partial")]
    [InlineData("public sealed partial class [|U|] { }", "void Run()")]
    [InlineData("public sealed partial class [|U|] { public void Run() { } public int Run(int a) => a; public Task RunAsync(CancellationToken c) => Task.CompletedTask; }", "several methods")]
    [InlineData("public abstract partial class [|U|] { public void Run() { } }", "no instance")]
    [InlineData("public sealed partial class [|U|]<T> { public void Run() { } }", "generic")]
    [InlineData("public sealed partial class [|U|] { private U() { } public void Run() { } }", "constructor is private")]
    public void A_class_that_cannot_be_a_unikernel_says_why(string declaration, string why) =>
        Snippet.Compile("[Unikernel] " + declaration).Complains("MORG008", why);

    [Fact]
    public void A_boot_argument_of_a_type_that_cannot_be_parsed_is_an_error() =>
        Snippet.Compile($$"""[Unikernel] public sealed partial class U { [BootArgument] public object [|Thing|] { get; init; } = ""; {{Run}} }""").Complains("MORG009", "Thing", "object");

    [Theory]
    [InlineData("static IStore [|S|]() => throw new();", "private")]
    [InlineData("internal static void [|S|]() { }", "gives nothing")]
    [InlineData("internal static IStore [|S|]<T>() => throw new();", "generic")]
    public void A_method_that_cannot_be_a_provider_says_why(string method, string why) =>
        Snippet.Compile($"[Unikernel] public sealed partial class U {{ {Run} }} static class Wiring {{ [Provides] {method} }}").Complains("MORG010", why);

    [Fact]
    public void A_choice_that_names_no_provider_lists_those_there_are() =>
        Snippet.Compile($"[Unikernel] public sealed partial class U(INetwork [|network|]) {{ {Run} }}", uses: "INetwork=HostSocket").Complains("MORG011", "HostSocket", "Packaged.Direct, Packaged.HostSockets");

    [Fact]
    public void A_library_that_does_not_publish_its_providers_is_warned() =>
        Snippet.Compile("public static class [|Parts|] { [Provides] public static IStore S() => throw new(); }", OutputKind.DynamicallyLinkedLibrary).Complains("MORG012", "Providers(typeof(Parts))");

    [Fact]
    public void A_parameter_that_is_neither_part_nor_argument_is_an_error() =>
        Snippet.Compile($"[Unikernel] public sealed partial class U(string [|name|]) {{ {Run} }}").Complains("MORG014", "name", "[BootArgument]");

    [Fact]
    public void A_program_is_one_unikernel() =>
        Snippet.Compile($"[Unikernel] public sealed partial class U {{ {Run} }} [Unikernel] public sealed partial class [|V|] {{ {Run} }}").Complains("MORG015", "U, V");

    [Fact]
    public void A_project_can_ask_for_a_newer_Morgana() =>
        Snippet.Compile($"[Unikernel] public sealed partial class U {{ {Run} }}", minimum: "9.0.0").Complains("MORG016", "9.0.0", "0.1.0");

    [Theory, InlineData("new"), InlineData("1"), InlineData("1.0-beta")]
    public void A_minimum_that_is_no_version_is_an_error(string minimum) =>
        Snippet.Compile($"[Unikernel] public sealed partial class U {{ {Run} }}", minimum: minimum).Complains("MORG018", minimum);

    [Fact]
    public void A_complaint_leads_to_the_page_where_it_is_installed()
    {
        var complaint = Assert.Single(Snippet.Compile($"[Unikernel] public sealed partial class U(IClock clock) {{ {Run} }} public interface IClock;", pages: "/opt/my packages/diagnostics").Diagnostics, d => d.Id == "MORG001");
        Assert.Equal("file:///opt/my%20packages/diagnostics/MORG001.md", complaint.Descriptor.HelpLinkUri);
        Assert.Equal(("U needs IClock, and nothing provides it: write one, [Provides] static IClock ..., or reference a package that has one", DiagnosticSeverity.Error), (complaint.GetMessage(System.Globalization.CultureInfo.InvariantCulture), complaint.Severity));
        Assert.True(complaint.Location.IsInSource);
    }

    [Fact]
    public void Every_rule_has_a_page()
    {
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Morgana.slnx"))) root = Path.GetDirectoryName(root)!;
        foreach (var rule in Generator.Rules.All)
            Assert.StartsWith($"# {rule.Id}: {rule.Title}\n", File.ReadAllText(Path.Combine(root, rule.HelpLinkUri)));
    }

    [Fact]
    public void A_target_that_does_not_exist_is_an_error() =>
        Snippet.Compile($"[Unikernel] public sealed partial class U {{ {Run} }}", targets: "proces").Complains("MORG017", "proces", "linux-vm");
}
