namespace Morgana.Build;

/// <summary>Finds the project that a path means.</summary>
public static class ProjectFile
{
    /// <summary>Takes a project file, or a folder that holds exactly one.</summary>
    /// <returns>The project file's full path.</returns>
    /// <exception cref="BuildException">There is none.</exception>
    public static string Locate(string path)
    {
        string full = Path.GetFullPath(path);
        if (File.Exists(full))
        {
            return full.EndsWith(".csproj", StringComparison.OrdinalIgnoreCase)
                ? full
                : throw new BuildException($"{path} is not a project file: name a .csproj file or its folder.");
        }

        if (!Directory.Exists(full)) throw new BuildException($"{path}: no such project or folder.");
        string[] projects = Directory.GetFiles(full, "*.csproj");
        return projects.Length switch
        {
            1 => projects[0],
            0 => throw new BuildException($"{path} holds no project file (*.csproj): name the folder of a unikernel."),
            _ => throw new BuildException($"{path} holds several projects: name one of {string.Join(", ", projects.Select(Path.GetFileName).Order(StringComparer.Ordinal))}."),
        };
    }
}
