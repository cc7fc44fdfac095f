using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Morgana.Composition.Generator;

/// <summary>What can be wrong with a graph. Each has a page: docs/diagnostics.</summary>
internal static class Rules
{
    public static readonly DiagnosticDescriptor Missing = Error("MORG001", "Nothing provides a part", "{0} needs {1}, and nothing provides it{2}");
    public static readonly DiagnosticDescriptor Ambiguous = Error("MORG002", "Several could provide a part", "{0} needs {1}, and several provide it: {2}; mark one IsDefault, name it, or choose with <MorganaUse Include=\"{3}\" Provider=\"...\" />");
    public static readonly DiagnosticDescriptor Cyclic = Error("MORG003", "A part needs itself", "{0} needs itself: {1}");
    public static readonly DiagnosticDescriptor Unfit = Error("MORG004", "A part does not work on a target", "{0} does not work on {1}, which this image is to run on: it works on {2}; choose another provider or narrow MorganaTargets");
    public static readonly DiagnosticDescriptor ArgumentClash = Error("MORG005", "Two boot arguments have one name", "the boot argument --{0} is declared twice, by {1} and by {2}: name one of them");
    public static readonly DiagnosticDescriptor DeviceClash = Error("MORG006", "Two devices have one name", "the name '{0}' is given to two devices, a {1} and a {2}: name one of them otherwise");
    public static readonly DiagnosticDescriptor Unused = new("MORG007", "Nobody needs what a provider makes", "nobody needs the {0} that {1} provides", "Morgana.Composition", DiagnosticSeverity.Warning, true, helpLinkUri: Page("MORG007"));
    public static readonly DiagnosticDescriptor UnikernelShape = Error("MORG008", "A unikernel has another shape", "{0} cannot be a unikernel: {1}");
    public static readonly DiagnosticDescriptor ArgumentType = Error("MORG009", "A boot argument cannot be parsed", "{0} cannot be {1}: its type {2} is neither text, a number, a duration, an enumeration, a type with IParsable, nor an array of these");
    public static readonly DiagnosticDescriptor ProviderShape = Error("MORG010", "A provider has another shape", "{0} cannot be a provider: {1}");
    public static readonly DiagnosticDescriptor UnknownUse = Error("MORG011", "MorganaUse names no provider", "<MorganaUse Include=\"{0}\" Provider=\"{1}\" />: there is no such provider; there are {2}");
    public static readonly DiagnosticDescriptor Unpublished = new("MORG012", "A library does not publish its providers", "{0} has providers, but projects that reference this library do not see them: add [assembly: Providers(typeof({0}))]", "Morgana.Composition", DiagnosticSeverity.Warning, true, helpLinkUri: Page("MORG012"));
    public static readonly DiagnosticDescriptor UndeclaredService = new("MORG013", "A keyed part is used that nobody declared", "the {0} '{1}' is asked for, and nobody declared it: add [assembly: Needs<{0}>(\"{1}\")]", "Morgana.Composition", DiagnosticSeverity.Warning, true, helpLinkUri: Page("MORG013"));
    public static readonly DiagnosticDescriptor NoPart = Error("MORG014", "A parameter is no part", "{0} is a {1}, which is no part: parts are interfaces or abstract classes; mark it [BootArgument] or [Secret] if it comes from outside");
    public static readonly DiagnosticDescriptor Several = Error("MORG015", "A program has several unikernels", "this program has several unikernels, {0}: a program is one of them");
    public static readonly DiagnosticDescriptor MinimumVersion = Error("MORG016", "Morgana is too old", "this project needs Morgana {0} (MorganaMinimumVersion), and this is {1}: update the package Morgana.Sdk");
    public static readonly DiagnosticDescriptor UnknownTarget = Error("MORG017", "There is no such target", "MorganaTargets names '{0}'; there are process, managed, sandbox, vm and linux-vm");

    public static readonly DiagnosticDescriptor NoVersion = Error("MORG018", "MorganaMinimumVersion is no version", "MorganaMinimumVersion is '{0}', which is no version: it looks like 1.2.3");

    public static ImmutableArray<DiagnosticDescriptor> All { get; } =
    [
        Missing, Ambiguous, Cyclic, Unfit, ArgumentClash, DeviceClash, Unused, UnikernelShape, ArgumentType, ProviderShape, UnknownUse, Unpublished, UndeclaredService, NoPart, Several, MinimumVersion, UnknownTarget, NoVersion,
    ];

    /// <summary>With a link to the page where it really is: in the repository, or in the package of the SDK.</summary>
    public static Diagnostic Linked(Diagnostic found, Settings settings)
    {
        if (settings.Pages is not { } folder) return found;
        var rule = found.Descriptor;
        return Diagnostic.Create(
            rule.Id, rule.Category, found.GetMessage(), found.Severity, rule.DefaultSeverity, rule.IsEnabledByDefault, found.WarningLevel, found.IsSuppressed,
            rule.Title, rule.Description, new System.Uri(folder + rule.Id + ".md").AbsoluteUri, found.Location, found.AdditionalLocations);
    }

    private static DiagnosticDescriptor Error(string id, string title, string message) =>
        new(id, title, message, "Morgana.Composition", DiagnosticSeverity.Error, true, helpLinkUri: Page(id));

    private static string Page(string id) => $"docs/diagnostics/{id}.md";
}
