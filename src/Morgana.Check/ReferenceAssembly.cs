namespace Morgana.Check;

/// <summary>Whose an assembly of a program is.</summary>
internal enum Origin
{
    /// <summary>The program's own: its project, or one beside it.</summary>
    Program,

    /// <summary>A package's.</summary>
    Package,

    /// <summary>.NET's own, or Morgana's.</summary>
    Platform,
}

/// <summary>An assembly that a program is compiled from.</summary>
/// <param name="Path">Its file.</param>
/// <param name="Origin">Whose it is.</param>
/// <param name="Name">The package's name and version, or the assembly's name.</param>
internal sealed record ReferenceAssembly(string Path, Origin Origin, string Name)
{
    /// <summary>Reads the list of them that the ahead-of-time compiler was given.</summary>
    /// <param name="response">Its response file: the program's own assembly by itself, others as <c>-r:FILE</c>.</param>
    /// <param name="folder">The project's, which relative paths are relative to.</param>
    public static IReadOnlyList<ReferenceAssembly> ReadAll(string response, string folder) =>
    [
        .. from line in File.ReadLines(response)
           let isReference = line.StartsWith("-r:", StringComparison.Ordinal)
           where line.EndsWith(".dll", StringComparison.Ordinal) && (isReference || line[0] != '-')
           let path = System.IO.Path.GetFullPath(isReference ? line[3..] : line, folder)
           where File.Exists(path)
           select isReference ? From(path) : new ReferenceAssembly(path, Origin.Program, System.IO.Path.GetFileNameWithoutExtension(path)),
    ];

    // A folder of packages has ID/VERSION/(lib|runtimes)/...: https://learn.microsoft.com/nuget/consume-packages/managing-the-global-packages-and-cache-folders
    internal static ReferenceAssembly From(string path)
    {
        string name = System.IO.Path.GetFileNameWithoutExtension(path);
        if (name.StartsWith("Morgana.", StringComparison.Ordinal)) return new(path, Origin.Platform, name);
        string[] parts = path.Split('/');
        int inside = Enumerable.Range(0, parts.Length).FirstOrDefault(i => i >= 2 && (parts[i] is "lib" or "runtimes" or "sdk" or "framework") && char.IsAsciiDigit(parts[i - 1].FirstOrDefault()));
        if (inside == 0) return new(path, Origin.Program, name);
        string package = parts[inside - 2];
        bool isPlatform = package.Contains(".app.runtime.", StringComparison.OrdinalIgnoreCase) || package.Contains("ilcompiler", StringComparison.OrdinalIgnoreCase) || package.StartsWith("morgana.", StringComparison.OrdinalIgnoreCase);
        return isPlatform ? new(path, Origin.Platform, name) : new(path, Origin.Package, $"{(package.Equals(name, StringComparison.OrdinalIgnoreCase) ? name : package)} {parts[inside - 1]}");
    }
}
