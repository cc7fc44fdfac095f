using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;
using Morgana.Composition.Generator;

namespace Morgana.Composition.Tests;

/// <summary>A small program, compiled with the generator. <c>[|...|]</c> marks where a complaint is expected.</summary>
internal sealed class Snippet
{
    /// <summary>Parts that snippets compose.</summary>
    public const string Parts = """
        using System;
        using System.Threading;
        using System.Threading.Tasks;
        using Morgana.Composition;
        [assembly: Providers(typeof(Packaged))]
        public interface INetwork;
        public interface IStore;
        [DeviceKind("block")] public interface IBlock;
        [DeviceKind("serial", DefaultName = "serial0")] public interface ISerial;
        public sealed class Network : INetwork;
        public sealed class Store : IStore;
        public sealed class Block : IBlock;
        public sealed class Serial : ISerial;
        public static class Packaged
        {
            [Provides(IsDefault = true)] public static INetwork Direct([BootArgument(Help = "The address.")] string address = "10.0.0.1") => new Network();
            [Provides(Targets = Targets.Process | Targets.Managed)] public static INetwork HostSockets() => new Network();
            [Provides] public static IStore Log([Device] IBlock disk) => new Store();
            [Provides] public static IStore Memory() => new Store();
            [Driver("file", Targets = Targets.Process | Targets.Managed)] public static IBlock File(DeviceHandle device) => new Block();
            [Driver("virtio", Targets = Targets.Vm)] public static IBlock Virtio(DeviceHandle device) => new Block();
            [Driver("uart", Targets = Targets.Vm)] public static ISerial Uart(DeviceHandle device) => new Serial();
        }
        """;

    private static readonly ImmutableArray<MetadataReference> s_platform =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => Path.GetFileName(p) is var name && (name.StartsWith("System.", StringComparison.Ordinal) || name is "netstandard.dll" or "mscorlib.dll"))
            .Select(p => MetadataReference.CreateFromFile(p)),
        MetadataReference.CreateFromFile(typeof(Graph).Assembly.Location),
    ];
    private static readonly MetadataReference s_parts = Emit("Parts", Parts, OutputKind.DynamicallyLinkedLibrary);

    /// <summary>The platform, Morgana.Composition and <see cref="Parts"/>.</summary>
    public static IEnumerable<MetadataReference> References => [.. s_platform, s_parts];

    private readonly string _source;
    private readonly TextSpan? _mark;

    private Snippet(string marked)
    {
        int start = marked.IndexOf("[|", StringComparison.Ordinal), end = marked.IndexOf("|]", StringComparison.Ordinal);
        _mark = start < 0 ? null : TextSpan.FromBounds(start, end - 2);
        _source = marked.Replace("[|", "").Replace("|]", "");
    }

    public ImmutableArray<Diagnostic> Diagnostics { get; private set; }

    public IReadOnlyDictionary<string, string> Generated { get; private set; } = new Dictionary<string, string>();

    public static Snippet Compile([StringSyntax("csharp")] string body, OutputKind kind = OutputKind.ConsoleApplication, string targets = "", string uses = "", string minimum = "", string pages = "")
    {
        const string usings = "using System; using System.Threading; using System.Threading.Tasks; using System.Collections.Generic; using Morgana.Composition;\n";
        var snippet = new Snippet(usings + body);
        var compilation = CSharpCompilation.Create("Snippet", [CSharpSyntaxTree.ParseText(snippet._source, new(LanguageVersion.CSharp13), "Snippet.cs")], [.. s_platform, s_parts], new(kind, nullableContextOptions: NullableContextOptions.Enable, specificDiagnosticOptions: [new("CS9113", ReportDiagnostic.Suppress)]));
        var options = new Options(new() { ["MorganaTargetList"] = targets, ["MorganaUseList"] = uses, ["MorganaMinimumVersion"] = minimum, ["MorganaVersion"] = "0.1.0", ["MorganaDiagnosticsFolder"] = pages });
        var driver = CSharpGeneratorDriver.Create([new UnikernelGenerator().AsSourceGenerator()], parseOptions: new(LanguageVersion.CSharp13), optionsProvider: options)
            .RunGeneratorsAndUpdateCompilation(compilation, out var whole, out var reported);
        snippet.Generated = driver.GetRunResult().Results.Single().GeneratedSources.ToDictionary(g => g.HintName, g => g.SourceText.ToString());
        snippet.Diagnostics = [.. reported, .. whole.GetDiagnostics().Where(d => d.Severity >= DiagnosticSeverity.Warning)];
        Assert.All(driver.GetRunResult().Results, r => Assert.Null(r.Exception));
        return snippet;
    }

    /// <summary>The one complaint of ours, at the mark.</summary>
    public Snippet Complains(string id, params string[] parts)
    {
        var own = Diagnostics.Where(d => d.Id.StartsWith("MORG", StringComparison.Ordinal)).ToArray();
        Assert.True(own.Length > 0, "Nothing was reported: " + string.Join("\n", Diagnostics));
        var diagnostic = Assert.Single(own);
        Assert.Equal(id, diagnostic.Id);
        foreach (string part in parts) Assert.Contains(part, diagnostic.GetMessage(System.Globalization.CultureInfo.InvariantCulture));
        if (_mark is { } mark) Assert.Equal(_source.Substring(mark.Start, mark.Length), _source.Substring(diagnostic.Location.SourceSpan.Start, diagnostic.Location.SourceSpan.Length));
        if (_mark is { } place) Assert.Equal(place, diagnostic.Location.SourceSpan);
        Assert.Equal($"docs/diagnostics/{id}.md", diagnostic.Descriptor.HelpLinkUri);
        return this;
    }

    /// <summary>It compiles, with what was generated, without a complaint of anybody.</summary>
    public Snippet Compiles()
    {
        Assert.Empty(Diagnostics);
        return this;
    }

    private static MetadataReference Emit(string name, string source, OutputKind kind)
    {
        var compilation = CSharpCompilation.Create(name, [CSharpSyntaxTree.ParseText(source, new(LanguageVersion.CSharp13))], s_platform, new(kind, nullableContextOptions: NullableContextOptions.Enable));
        var stream = new MemoryStream();
        var result = compilation.Emit(stream);
        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        return MetadataReference.CreateFromImage(stream.ToArray());
    }

    private sealed class Options(Dictionary<string, string> properties) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions { get; } = new Global(properties);

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => GlobalOptions;

        private sealed class Global(Dictionary<string, string> properties) : AnalyzerConfigOptions
        {
            public override bool TryGetValue(string key, [NotNullWhen(true)] out string? value)
            {
                value = null;
                return key.StartsWith("build_property.", StringComparison.Ordinal) && properties.TryGetValue(key["build_property.".Length..], out value);
            }
        }
    }
}
