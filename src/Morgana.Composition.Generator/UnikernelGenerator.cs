using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Morgana.Composition.Generator;

/// <summary>Resolves the graph of every unikernel in a project, and writes what starts it.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class UnikernelGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        // Found by syntax and looked at again in the whole compilation: what resolves a graph may stand in any file.
        var unikernels = Marked<ClassDeclarationSyntax>(context, Names.Unikernel);
        var providers = Marked<MethodDeclarationSyntax>(context, Names.Provides);
        var drivers = Marked<MethodDeclarationSyntax>(context, Names.Driver);
        var web = context.SyntaxProvider.CreateSyntaxProvider(
            static (node, _) => node is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.Text: "UseMorgana" } },
            static (syntax, _) => syntax.Node).Collect();
        var settings = context.AnalyzerConfigOptionsProvider.Select(static (options, _) => Settings.Read(options.GlobalOptions));
        var all = unikernels.Combine(providers).Combine(drivers).Combine(web).Combine(settings).Combine(context.CompilationProvider);
        context.RegisterSourceOutput(all, static (output, found) =>
        {
            var (((((classes, provided), opened), calls), read), compilation) = found;
            new Run(output, compilation, read).Write(classes, provided.AddRange(opened), calls);
        });
    }

    private static IncrementalValueProvider<ImmutableArray<SyntaxNode>> Marked<T>(IncrementalGeneratorInitializationContext context, string attribute)
        where T : SyntaxNode =>
        context.SyntaxProvider.ForAttributeWithMetadataName(attribute, static (node, _) => node is T, static (found, _) => found.TargetNode).Collect();

    /// <summary>One compilation.</summary>
    private sealed class Run(SourceProductionContext output, Compilation compilation, Settings settings)
    {
        private readonly Catalogue _catalogue = new();
        private readonly Dictionary<INamedTypeSymbol, GraphModel> _graphs = new(SymbolEqualityComparer.Default);
        private readonly HashSet<IMethodSymbol> _needed = new(SymbolEqualityComparer.Default);
        private bool _failed, _hasManifest;

        private bool IsProgram => compilation.Options.OutputKind is OutputKind.ConsoleApplication or OutputKind.WindowsApplication;

        public void Write(ImmutableArray<SyntaxNode> classes, ImmutableArray<SyntaxNode> methods, ImmutableArray<SyntaxNode> webCalls)
        {
            if (!classes.IsEmpty || !methods.IsEmpty || !webCalls.IsEmpty) WriteGraphs(classes, methods, webCalls);
            // What an earlier build has left there must not get into the image.
            if (IsProgram && !_hasManifest) Add(EntryPoint.ManifestFile, EntryPoint.NoManifest());
        }

        private void WriteGraphs(ImmutableArray<SyntaxNode> classes, ImmutableArray<SyntaxNode> methods, ImmutableArray<SyntaxNode> webCalls)
        {
            if (!CheckVersion()) return;
            bool isWeb = !webCalls.IsEmpty;
            var own = methods.Distinct().Select(Symbol).OfType<IMethodSymbol>().ToArray();
            foreach (var method in own)
            {
                if (ProviderModel.FindFault(method, isOwn: true) is { } fault) Report(Diagnostic.Create(Rules.ProviderShape, method.Place(), method.Short(), fault));
                else _catalogue.Add(method, isOwn: true);
            }

            _catalogue.AddPackages(compilation);
            var unikernels = classes.Select(Symbol).OfType<INamedTypeSymbol>().Distinct<INamedTypeSymbol>(SymbolEqualityComparer.Default).ToArray();
            foreach (var unikernel in unikernels) WriteUnikernel(unikernel);
            if (IsProgram && settings.WritesMain && compilation.GetEntryPoint(output.CancellationToken) is null) WriteProgram(unikernels);
            if (isWeb && IsProgram && unikernels.Length == 0 && !new WebGraph(compilation, settings, _catalogue, Report, Add).Write(webCalls, _needed)) _failed = true;
            // A graph that could not be resolved has not come to all that it needs.
            if (_failed) return;
            if (unikernels.Length > 0 || (isWeb && IsProgram)) ReportUnused();
            else if (!IsProgram) ReportUnpublished(own);
        }

        private ISymbol? Symbol(SyntaxNode node) => compilation.GetSemanticModel(node.SyntaxTree).GetDeclaredSymbol(node, output.CancellationToken);

        private bool CheckVersion()
        {
            if (settings.MinimumVersion is not { } minimum) return true;
            bool isVersion = Version.TryParse(minimum, out var least);
            if (!isVersion) Report(Diagnostic.Create(Rules.NoVersion, Location.None, minimum));
            if (!isVersion || !Version.TryParse(settings.Version.Split('-')[0], out var own) || own >= least) return isVersion;
            Report(Diagnostic.Create(Rules.MinimumVersion, Location.None, minimum, settings.Version));
            return false;
        }

        private void WriteUnikernel(INamedTypeSymbol type)
        {
            if (UnikernelShape.FindFault(type) is { } fault)
            {
                Report(Diagnostic.Create(Rules.UnikernelShape, type.Place(), type.Name, fault));
                return;
            }

            var attribute = type.Attribute(Names.Unikernel)!;
            var resolver = new Resolver(_catalogue, settings, Report);
            var graph = resolver.Resolve(new()
            {
                Unikernel = type,
                // "Program" says nothing to whoever reads a log.
                Name = Names.Kebab(type.Name == "Program" ? type.ContainingAssembly.Name : type.Name),
                Help = attribute.Get<string>("Help"),
                StartSeconds = attribute.Get("StartSeconds", 30),
                StopSeconds = attribute.Get("StopSeconds", 10),
                Run = UnikernelShape.Run(type),
            });
            _needed.UnionWith(resolver.Needed);
            if (graph.HasErrors)
            {
                _failed = true;
                return;
            }

            string name = type.Name + "Graph";
            Add(name + ".g.cs", new GraphWriter(graph, name).Write());
            _graphs[type] = graph;
        }

        private void WriteProgram(INamedTypeSymbol[] unikernels)
        {
            if (unikernels.Length > 1)
            {
                string names = string.Join(", ", unikernels.Select(u => u.Name));
                foreach (var unikernel in unikernels.Skip(1)) Report(Diagnostic.Create(Rules.Several, unikernel.Place(), names));
            }
            else if (unikernels.Length == 1 && _graphs.TryGetValue(unikernels[0], out var graph))
            {
                Add("Main.g.cs", EntryPoint.Main(graph));
                Add(EntryPoint.ManifestFile, EntryPoint.Manifest(ManifestWriter.Write(graph, unikernels[0].ToDisplayString(), compilation.Assembly.Identity.Version.ToString(3))));
            }
        }

        private void ReportUnused()
        {
            foreach (var provider in _catalogue.Providers.Where(p => p.IsOwn && !_needed.Contains(p.Method)))
                Report(Diagnostic.Create(Rules.Unused, provider.Method.Place(), Names.Part(provider.Type, provider.Name), provider.Method.Short()));
        }

        private void ReportUnpublished(IMethodSymbol[] own)
        {
            var published = compilation.Assembly.GetAttributes().Where(a => a.AttributeClass is { } type && AttributeReading.FullName(type) == Names.Providers)
                .Select(a => a.ConstructorArguments.Length > 0 ? a.ConstructorArguments[0].Value as ISymbol : null).ToArray();
            foreach (var type in own.Select(m => m.ContainingType).Distinct<INamedTypeSymbol>(SymbolEqualityComparer.Default))
                if (!published.Contains(type, SymbolEqualityComparer.Default)) Report(Diagnostic.Create(Rules.Unpublished, type.Place(), type.Name));
        }

        private void Report(Diagnostic found) => output.ReportDiagnostic(Rules.Linked(found, settings));

        private void Add(string name, string text)
        {
            _hasManifest |= name == EntryPoint.ManifestFile;
            output.AddSource(name, SourceText.From(text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)));
        }
    }
}
