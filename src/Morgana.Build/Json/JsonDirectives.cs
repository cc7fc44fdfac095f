namespace Morgana.Build.Json;

/// <summary>
/// What a program needs that serializes its own types to JSON without a <c>JsonSerializerContext</c>: .NET then makes converters at run time, and
/// an image has only those that were compiled with it.
/// </summary>
public static class JsonDirectives
{
    /// <summary>Whether the program's own code seems to need it.</summary>
    /// <param name="own">The program's assembly, and those of libraries of its own.</param>
    public static bool AreNeeded(IReadOnlyList<string> own) => JsonUse.IsLikely(own);

    /// <summary>Looks at the program, and writes what the ahead-of-time compiler is to keep for it.</summary>
    /// <param name="own">The program's assembly, and those of libraries of its own.</param>
    /// <param name="references">All that the image is compiled from.</param>
    /// <exception cref="BuildException">The System.Text.Json of the image is not one that is known here.</exception>
    public static string Write(IReadOnlyList<string> own, IReadOnlyList<string> references) =>
        new RuntimeDirectives(references).Write(KeptTypes.Of(new ProgramAssemblies(own, references)));
}
