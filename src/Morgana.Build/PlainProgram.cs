using System.Reflection;

namespace Morgana.Build;

/// <summary>How MSBuild makes an image of a program that knows nothing of us: by targets that it reads besides the project's own.</summary>
/// <remarks>They do nothing to a project that imports Morgana.Sdk.</remarks>
internal static class PlainProgram
{
    private const string Targets = "Plain.targets";

    /// <summary>What the dotnet command is given; nothing where the targets are missing.</summary>
    public static string[] Arguments(string project)
    {
        if (Find() is not { } targets) return [];
        var version = Assembly.GetExecutingAssembly().GetName().Version!;
        return [$"-p:BeforeTargetFrameworkInferenceTargets={targets}", $"-p:MorganaPlainProject={project}", $"-p:MorganaPlainVersion={version.ToString(3)}"];
    }

    // Beside the sources that this command was built from; else what the tool's package brought.
    private static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (Path.Combine(folder.FullName, "src", "Morgana.Sdk", "Sdk", Targets) is var source && File.Exists(source)) return source;
        string packed = Path.Combine(AppContext.BaseDirectory, "Sdk", Targets);
        return File.Exists(packed) ? packed : null;
    }
}
