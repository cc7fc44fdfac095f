using System.Text.Json;
using Microsoft.CodeAnalysis;

namespace Morgana.Composition.Tests;

/// <summary>What is generated compiles, under every setting, and says what the graph is.</summary>
public class GeneratedCodeTests
{
    private const string Run = "public Task RunAsync(CancellationToken stop) => Task.CompletedTask;";

    private const string Notes = """
        [Unikernel(Help = "Keeps notes.")]
        public sealed partial class Notes(INetwork network, [Device("data")] IStore store)
        {
            [BootArgument(Help = "Shown on the first page.")] public string Greeting { get; init; } = "hello";
            public async Task RunAsync(CancellationToken stop) { _ = (network, store); await Task.Delay(1, stop); }
        }
        static class Wiring
        {
            [Provides("data")] internal static IStore Data([Device("disk")] IBlock disk, [Secret] string key, [BootArgument(Minimum = 1)] int size = 4) => new Store();
        }
        """;

    [Fact]
    public void The_graph_of_the_first_page_compiles()
    {
        var snippet = Snippet.Compile(Notes).Compiles();
        Assert.Contains("Main(string[] args)", snippet.Generated["Main.g.cs"]);
        string graph = snippet.Generated["NotesGraph.g.cs"];
        Assert.Contains("IStore 'data', from Wiring.Data with IBlock 'disk'", graph);
        Assert.DoesNotContain("Reflection", graph);
    }

    [Fact]
    public void The_manifest_names_devices_targets_arguments_secrets_and_the_order()
    {
        var manifest = ReadManifest(Snippet.Compile(Notes).Compiles());
        Assert.Equal(1, manifest.GetProperty("schema").GetInt32());
        Assert.Equal("notes", manifest.GetProperty("name").GetString());
        // The disk has drivers for these, and for these alone.
        Assert.Equal(["process", "managed", "vm"], manifest.GetProperty("targets").EnumerateArray().Select(t => t.GetString()));
        var device = Assert.Single(manifest.GetProperty("devices").EnumerateArray());
        Assert.Equal(("disk", "block"), (device.GetProperty("name").GetString(), device.GetProperty("kind").GetString()));
        Assert.Equal(["greeting", "address", "data-size"], manifest.GetProperty("arguments").EnumerateArray().Select(t => t.GetProperty("name").GetString()));
        Assert.Equal("data-key", Assert.Single(manifest.GetProperty("secrets").EnumerateArray()).GetProperty("name").GetString());
        Assert.Equal([("INetwork", 0), ("IBlock", 0), ("IStore", 1)], manifest.GetProperty("parts").EnumerateArray().Select(t => (t.GetProperty("type").GetString()!, t.GetProperty("level").GetInt32())));
    }

    [Fact]
    public void A_class_called_Program_is_called_as_its_project() =>
        Assert.Equal("snippet", ReadManifest(Snippet.Compile($"[Unikernel] public sealed partial class Program {{ {Run} }}").Compiles()).GetProperty("name").GetString());

    [Fact]
    public void An_optional_number_that_nobody_gave_is_null_and_not_zero()
    {
        string graph = Snippet.Compile($$"""
            [Unikernel] public sealed partial class U(IStore store, [BootArgument] int? most = null) { int? Most => store is null ? null : most; {{Run}} }
            static class Wiring { [Provides(IsDefault = true)] internal static IStore Data([BootArgument] System.TimeSpan? patience = null) => patience is null ? new Store() : null!; }
            """).Compiles().Generated["UGraph.g.cs"];
        Assert.Contains(": default(int?);", graph);
        Assert.Contains(": default(global::System.TimeSpan?);", graph);
    }

    [Fact]
    public void Targets_narrow_the_drivers_that_are_linked()
    {
        var snippet = Snippet.Compile(Notes, targets: "process").Compiles();
        Assert.DoesNotContain("virtio", snippet.Generated["NotesGraph.g.cs"]);
        Assert.Contains("\"file\" => ", snippet.Generated["NotesGraph.g.cs"]);
    }

    [Fact]
    public void A_choice_in_the_project_file_beats_the_default() =>
        Assert.Contains("Packaged.HostSockets(", Snippet.Compile($"[Unikernel] public sealed partial class U(INetwork network) {{ {Run} }}", uses: "INetwork=HostSockets").Compiles().Generated["UGraph.g.cs"]);

    [Fact]
    public void A_choice_for_one_name_leaves_the_others()
    {
        string graph = Snippet.Compile($"[Unikernel] public sealed partial class U([Device(\"a\")] IStore a, [Device(\"b\")] IStore b) {{ {Run} }}", uses: "IStore=Memory,IStore=Log=b").Compiles().Generated["UGraph.g.cs"];
        Assert.Contains("IStore 'a', from Packaged.Memory", graph);
        // A package's provider takes the name of the part that it makes.
        Assert.Contains("IStore 'b', from Packaged.Log with IBlock 'b'", graph);
    }

    [Fact]
    public void The_projects_own_provider_comes_before_a_packages_default() =>
        Assert.Contains("from Wiring.Mine", Snippet.Compile($"[Unikernel] public sealed partial class U(INetwork network) {{ {Run} }} static class Wiring {{ [Provides] internal static INetwork Mine() => throw new(); }}").Compiles().Generated["UGraph.g.cs"]);

    [Fact]
    public void A_unikernel_that_names_no_part_has_a_main_without_a_graph()
    {
        string main = Snippet.Compile("[Unikernel] public sealed partial class Hello { public void Run() => Console.WriteLine(\"hello\"); }").Compiles().Generated["Main.g.cs"];
        Assert.Contains("new global::Hello().Run();", main);
        Assert.DoesNotContain("Graph", main);
    }

    [Fact]
    public void A_program_with_a_main_of_its_own_keeps_it() =>
        Assert.DoesNotContain("Main.g.cs", Snippet.Compile($"[Unikernel] public sealed partial class U {{ {Run} }} static class P {{ static void Main() {{ }} }}").Compiles().Generated.Keys);

    [Fact]
    public void Every_type_of_boot_argument_compiles() => Snippet.Compile($$"""
        public enum Colour { Red, DarkBlue }
        [Unikernel]
        public sealed partial class U([BootArgument] ushort port = 80, [BootArgument] Colour colour = Colour.DarkBlue, [BootArgument] int? limit = null, [BootArgument] string? note = null)
        {
            [BootArgument] public required ByteSize Size { get; init; }
            [BootArgument] public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(3);
            [BootArgument] public bool Verbose { get; init; }
            [BootArgument] public IReadOnlyList<System.Net.IPAddress> Servers { get; init; } = [];
            [BootArgument] public double[] Factors { get; set; } = [1.5];
            [BootArgument] public KeyText? Peer { get; init; }
            [BootArgument] public System.Net.IPNetwork Net { get; init; }
            [BootArgument] public Guid Id { get; init; }
            [Secret] public byte[] Key { get; init; } = [];
            public int Run() => port + (int)colour + (limit ?? 0) + (note?.Length ?? 0);
        }
        """).Compiles();

    [Fact]
    public void Defaults_are_told_as_they_would_be_written()
    {
        var manifest = ReadManifest(Snippet.Compile("""
            public enum Colour { Red, DarkBlue }
            [Unikernel]
            public sealed partial class U
            {
                [BootArgument] public ByteSize Size { get; init; } = ByteSize.Parse("64M");
                [BootArgument] public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(3);
                [BootArgument] public Colour Paint { get; init; } = Colour.DarkBlue;
                [BootArgument] public Colour[] Paints { get; init; } = [Colour.Red, Colour.DarkBlue];
                [BootArgument] public ByteSize[] Sizes { get; init; } = [ByteSize.Parse("4K"), ByteSize.Parse("1M")];
                [BootArgument] public int Many { get; init; } = 1_000_000;
                [BootArgument] public int Few { get; init; } = -1;
                [BootArgument] public bool On { get; init; } = true;
                [BootArgument] public string Text { get; init; } = "a \"quoted\" word";
                [BootArgument] public int Most { get; init; } = int.MaxValue;
                [BootArgument] public string Made { get; init; } = Environment.NewLine + "x";
                [BootArgument] public string[] None { get; init; } = [];
                public void Run() { }
            }
            """).Compiles());
        var defaults = manifest.GetProperty("arguments").EnumerateArray()
            .ToDictionary(a => a.GetProperty("name").GetString()!, a => a.TryGetProperty("default", out var value) ? value.GetString() : null);
        Assert.Equal(
            new Dictionary<string, string?>
            {
                ["size"] = "64M",
                ["wait"] = "3s",
                ["paint"] = "dark-blue",
                ["paints"] = "red,dark-blue",
                ["sizes"] = "4K,1M",
                ["many"] = "1000000",
                ["few"] = "-1",
                ["on"] = "true",
                ["text"] = "a \"quoted\" word",
                ["most"] = null,
                ["made"] = null,
                ["none"] = null,
            },
            defaults);
    }

    [Fact]
    public void A_program_whose_last_unikernel_has_gone_has_no_manifest_any_more()
    {
        // The file is written all the same: one that an earlier build has left would be taken into the image.
        string manifest = Snippet.Compile("static class P { static void Main() { } }").Compiles().Generated["Manifest.g.cs"];
        Assert.DoesNotContain("/*MANIFEST*/", manifest);
        Assert.Empty(Snippet.Compile("public class Nothing;", Microsoft.CodeAnalysis.OutputKind.DynamicallyLinkedLibrary).Compiles().Generated);
    }

    [Fact]
    public void The_same_project_gives_the_same_code() => Assert.Equal(Snippet.Compile(Notes).Generated, Snippet.Compile(Notes).Generated);

    internal static JsonElement ReadManifest(Snippet snippet)
    {
        string code = snippet.Generated["Manifest.g.cs"];
        int start = code.IndexOf("/*MANIFEST*/\"\"\"", StringComparison.Ordinal) + 15, end = code.IndexOf("\"\"\"/*END*/", StringComparison.Ordinal);
        string json = code[start..end];
        Assert.DoesNotContain(json, c => c is ';' or '%' or '$' or '\'' or '(' or '*' or > '\x7e');
        return JsonDocument.Parse(json).RootElement;
    }
}
