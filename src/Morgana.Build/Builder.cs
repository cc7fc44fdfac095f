using System.Diagnostics;

namespace Morgana.Build;

/// <summary>What a build is for.</summary>
public enum BuildKind
{
    /// <summary>One static file, compiled ahead of time: what the process target starts.</summary>
    Image,

    /// <summary>An assembly with what it needs beside it: what the managed target starts.</summary>
    Managed,
}

/// <summary>What a build has made.</summary>
/// <param name="Path">The image, or the managed target's executable.</param>
/// <param name="WasCurrent">Whether nothing had changed, so that it was there already.</param>
public sealed record BuildResult(string Path, bool WasCurrent);

/// <summary>Makes what a target starts out of a project, unless it is there and nothing has changed since.</summary>
/// <param name="kind">What to make.</param>
/// <param name="log">Hears about a build that takes long; nothing when there is nothing to do.</param>
public sealed class Builder(BuildKind kind, IBuildLog log)
{
    private readonly string _dotnet = DotnetCommand.Find();

    /// <summary>Builds the project if need be. One build of a project runs at a time, whoever asks.</summary>
    /// <param name="project">As <see cref="ProjectFile.Locate"/> gives it.</param>
    /// <param name="cancel">Stops a build that runs, with all of its processes.</param>
    /// <exception cref="BuildException">It cannot be built.</exception>
    public async Task<BuildResult> BuildAsync(string project, CancellationToken cancel)
    {
        if (FindCurrent(project) is { } current) return current;
        string folder = CacheFolder(project);
        try
        {
            Directory.CreateDirectory(folder);
            await using var _ = await BuildLock.TakeAsync(Path.Combine(folder, "lock"), "the same project", log, cancel);
            // Whoever held the lock may have done our work.
            return FindCurrent(project) ?? await MakeAsync(project, folder, cancel);
        }
        catch (UnauthorizedAccessException)
        {
            throw new BuildException($"{project} must be built first, and {folder} may not be written by this user.");
        }
    }

    private static string CacheFolder(string project) => Path.Combine(Path.GetDirectoryName(project)!, "obj", "morgana");

    private static string Name(string project) => Path.GetFileNameWithoutExtension(project);

    private string Record(string folder) => Path.Combine(folder, kind == BuildKind.Image ? "image.fingerprint" : "managed.fingerprint");

    /// <summary>What an earlier build made, if nothing has changed since; null if there is something to build.</summary>
    public BuildResult? FindCurrent(string project)
    {
        string folder = CacheFolder(project);
        try
        {
            if (Fingerprint.Load(Record(folder)) is not { } fingerprint) return null;
            string made = Product(project, folder, fingerprint);
            return File.Exists(made) && fingerprint.IsCurrent(project, _dotnet) ? new(made, WasCurrent: true) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;        // A file went away while it was looked at: it has changed.
        }
    }

    private string Product(string project, string folder, Fingerprint fingerprint) => kind == BuildKind.Image
        ? Path.Combine(folder, Name(project))
        : Path.ChangeExtension(fingerprint.Assembly, null) ?? "";

    private async Task<BuildResult> MakeAsync(string project, string folder, CancellationToken cancel)
    {
        if (kind == BuildKind.Image) Toolchain.Require();
        string inputsFile = Path.Combine(folder, kind == BuildKind.Image ? "image.inputs" : "managed.inputs");
        string published = Path.Combine(folder, "publish");
        File.Delete(inputsFile);
        File.Delete(Record(folder));

        DateTime began = DateTime.UtcNow;
        long started = Stopwatch.GetTimestamp();
        string work = kind == BuildKind.Image ? $"Building the image of {Name(project)}" : $"Building {Name(project)}";
        log.Started(work);
        string[] arguments = kind == BuildKind.Image
            ? ["publish", project, "-c", "Release", $"-p:PublishDir={published}/"]
            : ["build", project, "-c", "Debug"];
        string[] plain = kind == BuildKind.Image ? PlainProgram.Arguments(project) : [];
        await new DotnetCommand(_dotnet, log).RunAsync([.. arguments, $"-p:MorganaInputsFile={inputsFile}", .. plain], cancel);

        if (!File.Exists(inputsFile)) throw new BuildException($"{project} is no unikernel: it does not import Morgana.Sdk (see src/Morgana.Sdk/README.md), and only images are made of other programs.");
        var fingerprint = Fingerprint.Take(File.ReadAllLines(inputsFile), _dotnet, out DateTime newest);
        string made = Product(project, folder, fingerprint);
        // Renamed into place: an image that runs just now keeps its file.
        if (kind == BuildKind.Image) TakeImage(Path.Combine(published, Name(project)), made);
        if (!File.Exists(made)) throw new BuildException($"{project} was built, but did not make {made}.");
        // What changed meanwhile is perhaps in the image and perhaps not: the next run finds out.
        if (newest < began) fingerprint.Save(Record(folder));
        log.Finished(work, Stopwatch.GetElapsedTime(started));
        return new(made, WasCurrent: false);
    }

    private static void TakeImage(string published, string image)
    {
        if (!File.Exists(published) || !ElfFile.IsElf(published)) throw new BuildException($"The build made no image at {published}: is PublishAot or OutputType changed in the project?");
        File.Move(published, image, overwrite: true);
    }
}
