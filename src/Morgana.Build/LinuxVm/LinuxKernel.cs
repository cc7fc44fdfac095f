using System.Diagnostics;

namespace Morgana.Build;

/// <summary>A stock Linux for virtual machines: Debian's cloud kernel, installed on this machine or unpacked beside it.</summary>
/// <param name="Image">The kernel's file.</param>
/// <param name="Modules">The folder of its modules.</param>
public sealed record LinuxKernel(string Image, string Modules)
{
    private const string Package = "linux-image-cloud-amd64", Suffix = "-cloud-amd64";

    /// <summary>Where a kernel is unpacked that is not installed: the user's cache.</summary>
    private static string Cache => UserCache.Folder("linux");

    /// <summary>The newest that is there, or null.</summary>
    public static LinuxKernel? Find() => FindIn("/") ?? FindIn(Cache);

    /// <summary>The newest that is there; if there is none, it is downloaded, which needs no root.</summary>
    /// <exception cref="BuildException">There is none, and none can be had.</exception>
    public static async Task<LinuxKernel> GetAsync(IBuildLog log, CancellationToken cancel)
    {
        if (Find() is { } present) return present;
        const string work = "Downloading Debian's cloud kernel";
        long started = Stopwatch.GetTimestamp();
        log.Started(work);
        Directory.CreateDirectory(Cache);
        string folder = Directory.CreateTempSubdirectory("morgana-linux-").FullName;
        try
        {
            string depends = await RunAsync(folder, cancel, "apt-cache", "depends", "--important", Package);
            string name = depends.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(w => w.StartsWith("linux-image-", StringComparison.Ordinal) && w != Package)
                ?? throw new BuildException($"apt knows no package {Package}: sudo apt-get update");
            await RunAsync(folder, cancel, "apt-get", "download", name);
            await RunAsync(folder, cancel, "dpkg-deb", "-x", Directory.EnumerateFiles(folder, "*.deb").Single(), Cache);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        log.Finished(work, Stopwatch.GetElapsedTime(started));
        return Find() ?? throw new BuildException($"Debian's package {Package} has no kernel where one is expected: install it, and see what it puts into /boot");
    }

    /// <summary>A module's file.</summary>
    /// <exception cref="BuildException">The kernel has none of that name.</exception>
    public string Module(string name) =>
        Directory.EnumerateFiles(Modules, name + ".ko", SearchOption.AllDirectories).FirstOrDefault()
        ?? throw new BuildException($"the kernel {Image} has no module {name}.ko below {Modules}");

    private static LinuxKernel? FindIn(string root)
    {
        string boot = Path.Combine(root, "boot");
        if (!Directory.Exists(boot)) return null;
        return Directory.EnumerateFiles(boot, "vmlinuz-*" + Suffix)
            .OrderByDescending(File.GetLastWriteTimeUtc)
            .Select(image => new LinuxKernel(image, Path.Combine(root, "lib/modules", Path.GetFileName(image)["vmlinuz-".Length..])))
            .FirstOrDefault(kernel => Directory.Exists(Path.Combine(kernel.Modules, "kernel")) && IsReadable(kernel.Image));
    }

    private static bool IsReadable(string file)
    {
        try
        {
            using var _ = File.OpenHandle(file);
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static async Task<string> RunAsync(string folder, CancellationToken cancel, string program, params string[] arguments)
    {
        string path = Toolchain.FindProgram(program) ?? throw new BuildException($"{program} is missing, with which Debian's cloud kernel would be had: install {Package} by hand");
        using var process = Process.Start(new ProcessStartInfo(path, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancel), error = process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return process.ExitCode == 0 ? await output : throw new BuildException($"{program} {string.Join(' ', arguments)} failed", (await error).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
