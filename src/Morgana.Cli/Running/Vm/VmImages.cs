using Morgana.Build;

namespace Morgana.Cli.Running.Vm;

/// <summary>The bootable file for what the user named: a project, an application that was built, or such a file itself.</summary>
internal static class VmImages
{
    /// <summary>Finds it, or makes it. What is made for a project lies beside the project's own image.</summary>
    public static async Task<string> FindAsync(string subject, string kernel, IBuildLog log, CancellationToken stop)
    {
        bool isFile = File.Exists(subject) && !ProjectFile.IsNamedLikeOne(subject);
        if (isFile && DiskImage.IsOne(subject)) return Verified(subject, DiskImage.ReadImage(subject));
        if (isFile && ElfFile.FindFault(subject) is { } fault) throw new CommandException(fault);
        if (isFile && VirtualMachineImage.IsOne(subject)) return Verified(subject, File.ReadAllBytes(subject));
        if (!File.Exists(subject) && !Directory.Exists(subject)) throw new CommandException($"{subject}: no such project or image");
        string application = isFile ? Path.GetFullPath(subject) : (await new Builder(BuildKind.Image, log).BuildAsync(ProjectFile.Locate(subject), stop)).Path;
        string image = application + ".vm";
        if (!IsNewer(image, application) || !IsNewer(image, kernel)) VirtualMachineImage.Create(kernel, application, image);
        return image;
    }

    // Before anything of it runs: it may have been copied over whatever line since it was made.
    private static string Verified(string file, byte[] image)
    {
        try
        {
            VirtualMachineImage.Verify(image);
            return Path.GetFullPath(file);
        }
        catch (BuildException e)
        {
            throw new CommandException($"{file}: {e.Message}");
        }
    }

    private static bool IsNewer(string file, string than) => File.Exists(file) && File.GetLastWriteTimeUtc(file) > File.GetLastWriteTimeUtc(than);
}
