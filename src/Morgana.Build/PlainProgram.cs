using System.Reflection;

namespace Morgana.Build;

/// <summary>How MSBuild makes an image of a program that knows nothing of us: by targets that it reads besides the project's own.</summary>
/// <remarks>They do nothing to a project that imports Morgana.Sdk.</remarks>
internal static class PlainProgram
{
    private const string Framework = "PlainFramework.targets", Targets = "Plain.targets", Command = "morgana.dll";

    /// <summary>What the dotnet command is given; nothing where the targets are missing.</summary>
    public static string[] Arguments(string project)
    {
        if (Find() is not { } folder) return [];
        var version = Assembly.GetExecutingAssembly().GetName().Version!;
        // A step of the build is the command's own work (Json.targets); a program that uses this library without it does without the step.
        string command = Path.Combine(AppContext.BaseDirectory, Command);
        return
        [
            .. File.Exists(command) ? [$"-p:MorganaCommand={command}"] : Array.Empty<string>(),
            $"-p:BeforeMicrosoftNETSdkTargets={Path.Combine(folder, Framework)}",
            $"-p:BeforeTargetFrameworkInferenceTargets={Path.Combine(folder, Targets)}",
            $"-p:MorganaPlainProject={project}",
            $"-p:MorganaPlainVersion={version.ToString(3)}",
        ];
    }

    // Beside the sources that this command was built from; else what the tool's package brought.
    private static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (Path.Combine(folder.FullName, "src", "Morgana.Sdk", "Sdk") is var source && File.Exists(Path.Combine(source, Targets))) return source;
        string packed = Path.Combine(AppContext.BaseDirectory, "Sdk");
        return File.Exists(Path.Combine(packed, Targets)) ? packed : null;
    }
}
