using System.Diagnostics;

namespace Morgana.Build;

/// <summary>
/// The kernel of the virtual machine. Beside its sources it is made out of them, unless it is there and nothing has changed since; the
/// command's package has it ready-made.
/// </summary>
/// <param name="log">Hears about a build; nothing when there is nothing to do.</param>
public sealed class KernelBuilder(IBuildLog log)
{
    private const string Project = "src/Morgana.Kernel/Morgana.Kernel.csproj", Kernel = "kernel.elf";

    /// <summary>Builds the kernel if need be. One build runs at a time, whoever asks.</summary>
    /// <returns>The kernel's file.</returns>
    /// <exception cref="BuildException">It cannot be built.</exception>
    public async Task<string> BuildAsync(CancellationToken cancel)
    {
        if (Find() is not { } project) return FindReady() ?? throw new BuildException($"beside this command lie neither the kernel ({Kernel}) nor its sources ({Project}).");
        string folder = Path.GetDirectoryName(project)!, kernel = Path.Combine(folder, "bin", Kernel);
        if (IsCurrent(folder, kernel)) return kernel;
        Toolchain.RequireBinutils();
        Directory.CreateDirectory(Path.Combine(folder, "obj"));
        await using var _ = await BuildLock.TakeAsync(Path.Combine(folder, "obj", "morgana.lock"), "the kernel", log, cancel);
        if (IsCurrent(folder, kernel)) return kernel;

        const string work = "Building the kernel";
        long started = Stopwatch.GetTimestamp();
        log.Started(work);
        await new DotnetCommand(DotnetCommand.Find(), log).RunAsync(["build", project, "-c", "Release"], cancel);
        // MSBuild leaves the file alone when only a comment in the project's folder is newer.
        File.SetLastWriteTimeUtc(kernel, DateTime.UtcNow);
        log.Finished(work, Stopwatch.GetElapsedTime(started));
        return kernel;
    }

    private static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (Path.Combine(folder.FullName, Project) is var project && File.Exists(project)) return project;
        return null;
    }

    /// <summary>The loader of disks, which is made with the kernel.</summary>
    /// <param name="kernel">The kernel's file.</param>
    public static string LoaderOf(string kernel) => Path.Combine(Path.GetDirectoryName(kernel)!, "loader.bin");

    private static string? FindReady() => Path.Combine(AppContext.BaseDirectory, Kernel) is var ready && File.Exists(ready) ? ready : null;

    private static bool IsCurrent(string folder, string kernel)
    {
        if (!File.Exists(kernel)) return false;
        DateTime built = File.GetLastWriteTimeUtc(kernel);
        return Directory.EnumerateDirectories(folder).Where(d => Path.GetFileName(d) is not ("bin" or "obj"))
            .SelectMany(d => Directory.EnumerateFiles(d, "*", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(folder, "*.csproj"))
            .All(f => File.GetLastWriteTimeUtc(f) <= built);
    }
}
