using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Morgana.Composition.Generator;

namespace Morgana.Composition.Tests;

/// <summary>A keyed part that nobody declared is found when the application is compiled, not when it runs.</summary>
public class KeyedServiceTests
{
    private const string Services = """
        public static class Provider
        {
            public static T GetRequiredKeyedService<T>(this IServiceProvider provider, object? key) => throw new();
        }
        [AttributeUsage(AttributeTargets.Parameter)] public sealed class FromKeyedServicesAttribute(object key) : Attribute { public object Key => key; }
        """;

    [Fact]
    public async Task A_part_that_is_declared_is_none_of_its_business() =>
        Assert.Empty(await AnalyzeAsync("[assembly: Needs<IStore>(\"data\")]", "static IStore M(IServiceProvider p) => p.GetRequiredKeyedService<IStore>(\"data\");"));

    [Fact]
    public async Task A_part_that_is_not_declared_is_a_warning_at_the_call()
    {
        var warning = Assert.Single(await AnalyzeAsync("[assembly: Needs<IStore>(\"date\")]", "static IStore M(IServiceProvider p) => p.GetRequiredKeyedService<IStore>(\"data\");"));
        Assert.Equal("MORG013", warning.Id);
        Assert.Equal(DiagnosticSeverity.Warning, warning.Severity);
        Assert.Contains("add [assembly: Needs<IStore>(\"data\")]", warning.GetMessage(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal("p.GetRequiredKeyedService<IStore>(\"data\")", warning.Location.SourceTree!.ToString().Substring(warning.Location.SourceSpan.Start, warning.Location.SourceSpan.Length));
    }

    [Fact]
    public async Task A_parameter_by_key_counts_too() =>
        Assert.Equal("MORG013", Assert.Single(await AnalyzeAsync("", "static void M([FromKeyedServices(\"data\")] IStore store) { }")).Id);

    [Fact]
    public async Task Keyed_services_of_others_are_theirs() =>
        Assert.Empty(await AnalyzeAsync("", "static string M(IServiceProvider p) => p.GetRequiredKeyedService<string>(\"data\");"));

    private static Task<ImmutableArray<Diagnostic>> AnalyzeAsync(string attributes, string method)
    {
        string source = $"using System; using Morgana.Composition; {attributes}\n{Services}\nstatic class C {{ {method} }}";
        var compilation = CSharpCompilation.Create("Snippet", [CSharpSyntaxTree.ParseText(source, new(LanguageVersion.CSharp13))], Snippet.References, new(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        Assert.Empty(compilation.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error));
        return compilation.WithAnalyzers([new KeyedServiceAnalyzer()]).GetAnalyzerDiagnosticsAsync();
    }
}
