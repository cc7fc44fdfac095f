using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Morgana.Build.Json;

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

/// <summary>What the ahead-of-time compiler left behind when it made an image.</summary>
/// <param name="Response">What it was given.</param>
/// <param name="Compiled">What it has compiled (<c>IlcGenerateMstatFile</c>).</param>
/// <param name="Trimming">What it was not sure of, a line each.</param>
public sealed record CompilerReports(string Response, string Compiled, string Trimming)
{
    /// <summary>Whether all of them are there.</summary>
    public bool Exist => File.Exists(Response) && File.Exists(Compiled) && File.Exists(Trimming);
}

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

    // A program that is one file has no folder of its own: what is made of it lies where the caches are.
    private static string CacheFolder(string project) => ProjectFile.IsOneFile(project)
        ? Path.Combine(UserCache.Folder("programs"), $"{Name(project)}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(project)))[..16]}")
        : Path.Combine(Path.GetDirectoryName(project)!, "obj", "morgana");

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

    /// <summary>What is known of how a project's image was made.</summary>
    public static CompilerReports Reports(string project)
    {
        string file = Path.Combine(CacheFolder(project), "image");
        return new(file + ".ilc.rsp", file + ".mstat", file + ".trimming");
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
            ? ["publish", project, "-c", "Release", $"-p:PublishDir={published}/", "-p:IlcGenerateMstatFile=true", .. PlainProgram.Arguments(project)]
            : ["build", project, "-c", "Debug"];
        var command = new DotnetCommand(_dotnet, log, collectsTrimming: kind == BuildKind.Image);
        await command.RunAsync([.. arguments, $"-p:MorganaInputsFile={inputsFile}"], cancel);
        if (command.Trimming is { } trimming) Keep(trimming, project);

        if (!File.Exists(inputsFile)) throw new BuildException($"{project} does not import Morgana.Sdk: an image is made of it (--target process, sandbox or vm), but under the JIT its sockets would be Linux's own, as with 'dotnet run'.");
        var fingerprint = Fingerprint.Take(File.ReadAllLines(inputsFile), _dotnet, out DateTime newest);
        string made = Product(project, folder, fingerprint);
        // Renamed into place: an image that runs just now keeps its file.
        if (kind == BuildKind.Image) TakeImage(Path.Combine(published, Path.GetFileNameWithoutExtension(fingerprint.Assembly) ?? Name(project)), made);
        // What lies beside it is in it, and nothing should look as if it were read from here.
        if (fingerprint.HasContent && Directory.Exists(published)) Directory.Delete(published, recursive: true);
        if (!File.Exists(made)) throw new BuildException($"{project} was built, but did not make {made}.");
        // What changed meanwhile is perhaps in the image and perhaps not: the next run finds out.
        if (newest < began) fingerprint.Save(Record(folder));
        log.Finished(work, Stopwatch.GetElapsedTime(started));
        return new(made, WasCurrent: false);
    }

    private void Keep(IReadOnlyList<string> trimming, string project)
    {
        var reports = Reports(project);
        if (File.Exists(reports.Response)) trimming = JsonWarnings.WithoutAnswered(trimming, reports.Response);
        File.WriteAllLines(reports.Trimming, trimming);
        if (trimming.Count > 0) log.Warning($"The ahead-of-time compiler is not sure of {(trimming.Count == 1 ? "one thing" : $"{trimming.Count} things")}: morgana check shows what.");
    }

    private static void TakeImage(string published, string image)
    {
        if (!File.Exists(published) || !ElfFile.IsElf(published)) throw new BuildException($"The build made no image at {published}: is PublishAot or OutputType changed in the project?");
        File.Move(published, image, overwrite: true);
    }
}
