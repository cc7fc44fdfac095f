namespace Morgana.Build.Json;

/// <summary>What the ahead-of-time compiler says of JSON by reflection, and what has been done about it.</summary>
internal static class JsonWarnings
{
    private const string Feature = "--feature:System.Text.Json.JsonSerializer.IsReflectionEnabledByDefault=true";

    // As the platform's libraries say it of each of their methods that serialize by reflection.
    private const string Warning = "JSON serialization and deserialization might require types that cannot be statically analyzed";

    /// <summary>Leaves out what <see cref="JsonDirectives"/> have answered, if the compiler was given them.</summary>
    /// <param name="warnings">What the compiler said.</param>
    /// <param name="response">What it was given.</param>
    public static IReadOnlyList<string> WithoutAnswered(IReadOnlyList<string> warnings, string response) =>
        File.ReadLines(response).Contains(Feature, StringComparer.Ordinal) ? [.. warnings.Where(w => !w.Contains(Warning, StringComparison.Ordinal))] : warnings;
}
