namespace Morgana.SystemNative.Tests;

/// <summary>The programs of tests/Programs, built with these tests, in the same configuration.</summary>
internal static class ProgramFile
{
    public static string Find(string name)
    {
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string program = Path.Combine(folder.FullName, "tests/Programs", name, "bin", configuration, $"net9.0/{name}.dll");
            if (File.Exists(program)) return program;
        }

        throw new FileNotFoundException($"tests/Programs/{name} was not built.");
    }
}
