using System.Diagnostics;
using System.Xml.Linq;

namespace Morgana.Architecture.Tests;

/// <summary>The repository as it lies on disk: found from where the tests were built.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Every file that git knows, by its path from the root.</summary>
    public static IReadOnlyList<string> Files { get; } = ListFiles();

    /// <summary>The libraries and programs under src, by name.</summary>
    public static IReadOnlyList<string> Projects { get; } =
        [.. Files.Where(f => f.StartsWith("src/", StringComparison.Ordinal) && f.EndsWith(".csproj", StringComparison.Ordinal)).Select(f => Path.GetFileNameWithoutExtension(f)).Order()];

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    public static XDocument Project(string name) => XDocument.Parse(Read($"src/{name}/{name}.csproj"));

    public static string[] References(string name) =>
        [.. Project(name).Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/'))).Order()];

    /// <summary>The C# of one project, file by file.</summary>
    public static IEnumerable<string> Sources(string name) =>
        Files.Where(f => f.StartsWith($"src/{name}/", StringComparison.Ordinal) && f.EndsWith(".cs", StringComparison.Ordinal));

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
            if (File.Exists(Path.Combine(directory.FullName, "Morgana.slnx"))) return directory.FullName;
        throw new InvalidOperationException("The tests do not lie in the repository.");
    }

    private static string[] ListFiles()
    {
        using var git = Process.Start(new ProcessStartInfo("git", ["-C", Root, "-c", "safe.directory=*", "ls-files"]) { RedirectStandardOutput = true })!;
        string[] files = git.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        git.WaitForExit();
        if (git.ExitCode != 0 || files.Length == 0) throw new InvalidOperationException("git does not list the repository's files.");
        return [.. files.Where(f => File.Exists(Path.Combine(Root, f)))];
    }
}
