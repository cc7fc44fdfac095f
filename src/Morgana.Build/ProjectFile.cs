namespace Morgana.Build;

/// <summary>Finds the project that a path means.</summary>
public static class ProjectFile
{
    // Every language that compiles to what the ahead-of-time compiler reads. Unikernels, whose parts a generator of C# composes, are C#.
    private static readonly string[] s_extensions = [".csproj", ".fsproj", ".vbproj"];

    /// <summary>Whether it is a program that is one file of C#, for which the .NET SDK makes up a project (<c>dotnet run hello.cs</c>).</summary>
    public static bool IsOneFile(string path) => Path.GetExtension(path).Equals(".cs", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a path is named like a project file, or like a program that is one file; whether there is one is not asked.</summary>
    public static bool IsNamedLikeOne(string path) => IsOneFile(path) || IsProject(path);

    private static bool IsProject(string path) => s_extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes a project file, a program that is one file, or a folder that holds exactly one.</summary>
    /// <returns>The project file's full path.</returns>
    /// <exception cref="BuildException">There is none.</exception>
    public static string Locate(string path)
    {
        string full = Path.GetFullPath(path);
        if (File.Exists(full))
        {
            return IsNamedLikeOne(full)
                ? full
                : throw new BuildException($"{path} is not a project file: name a {string.Join(", ", s_extensions)} file, its folder, or a program that is one .cs file.");
        }

        if (!Directory.Exists(full)) throw new BuildException($"{path}: no such project or folder.");
        string[] projects = [.. Directory.EnumerateFiles(full).Where(IsProject)];
        return projects.Length switch
        {
            1 => projects[0],
            0 => throw new BuildException($"{path} holds no project file (*{string.Join(", *", s_extensions)}): name a project's folder."),
            _ => throw new BuildException($"{path} holds several projects: name one of {string.Join(", ", projects.Select(Path.GetFileName).Order(StringComparer.Ordinal))}."),
        };
    }
}
