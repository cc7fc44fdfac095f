using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Morgana.Composition.Generator;

/// <summary>Warns where a web application asks for a part by a key that no <c>[assembly: Needs]</c> declares: it would fail when it runs.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class KeyedServiceAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [Rules.UndeclaredService];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(static start =>
        {
            var settings = Settings.Read(start.Options.AnalyzerConfigOptionsProvider.GlobalOptions);
            var catalogue = new Catalogue();
            catalogue.AddPackages(start.Compilation);
            var declared = WebGraph.Declared(start.Compilation).ToArray();
            // Types that parts have: another library's keyed services are none of our business.
            bool IsPart(ITypeSymbol type) => catalogue.KindOf(type) is not null || catalogue.Providers.Any(p => SymbolEqualityComparer.Default.Equals(p.Type, type));
            bool IsUndeclared(ITypeSymbol type, object? key) =>
                key is string name && IsPart(type) && !declared.Any(d => d.Key == name && SymbolEqualityComparer.Default.Equals(d.Type, type));
            start.RegisterOperationAction(operation =>
            {
                var call = (IInvocationOperation)operation.Operation;
                if (call.TargetMethod is not { Name: "GetRequiredKeyedService" or "GetKeyedService" or "GetKeyedServices", TypeArguments.Length: 1 } method) return;
                object? key = call.Arguments.LastOrDefault()?.Value is { } value ? Constant(value) : null;
                if (IsUndeclared(method.TypeArguments[0], key)) operation.ReportDiagnostic(Rules.Linked(Diagnostic.Create(Rules.UndeclaredService, call.Syntax.GetLocation(), method.TypeArguments[0].Short(), key), settings));
            }, OperationKind.Invocation);
            start.RegisterSymbolAction(symbol =>
            {
                var parameter = (IParameterSymbol)symbol.Symbol;
                var keyed = parameter.GetAttributes().FirstOrDefault(a => a.AttributeClass?.Name == "FromKeyedServicesAttribute");
                object? key = keyed?.ConstructorArguments.FirstOrDefault().Value;
                if (keyed is not null && IsUndeclared(parameter.Type, key)) symbol.ReportDiagnostic(Rules.Linked(Diagnostic.Create(Rules.UndeclaredService, parameter.Place(), parameter.Type.Short(), key), settings));
            }, SymbolKind.Parameter);
        });
    }

    /// <summary>A key is an object: a text comes converted.</summary>
    private static object? Constant(IOperation value) => value is IConversionOperation conversion ? Constant(conversion.Operand) : value.ConstantValue is { HasValue: true } constant ? constant.Value : null;
}
