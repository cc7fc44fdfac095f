using Morgana.Build;

namespace Morgana.Cli.Running.Vm;

/// <summary>A disk image as this run boots it: the devices, the memory's share and the boot arguments stand on the disk itself.</summary>
internal sealed class DiskCopy : IDisposable
{
    private string? _folder;

    /// <summary>Copies a disk, and writes the command line of this run onto the copy.</summary>
    /// <returns>The copy's path, until this is disposed of.</returns>
    public string Make(string disk, string commandLine)
    {
        _folder = Directory.CreateTempSubdirectory("morgana-disk-").FullName;
        string copy = Path.Combine(_folder, "disk.img");
        DiskImage.Copy(disk, commandLine, copy);
        return copy;
    }

    public void Dispose()
    {
        if (_folder is not null) Directory.Delete(_folder, recursive: true);
    }
}
