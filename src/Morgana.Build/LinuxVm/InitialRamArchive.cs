using System.Globalization;
using System.Text;

namespace Morgana.Build;

/// <summary>An initial file system for Linux: a cpio archive of the form "newc" (Linux, Documentation/driver-api/early-userspace/buffer-format.rst).</summary>
/// <remarks>No owner, time or inode of the host's gets in: the same files give the same octets.</remarks>
public sealed class InitialRamArchive : IDisposable
{
    private const int Alignment = 4, BlockSize = 512;
    private const int FolderMode = 0x41ed, ProgramMode = 0x81ed, DeviceMode = 0x2180;     // 0755 and 0600.
    private readonly Stream _to;
    private int _inode;

    /// <summary>Writes to a stream, which is closed with the archive.</summary>
    public InitialRamArchive(Stream to) => _to = to;

    /// <summary>Adds a folder. Those above it have to be there.</summary>
    public void AddFolder(string path) => Add(path, FolderMode, [], 0, 0);

    /// <summary>Adds a file that can be executed.</summary>
    public void AddFile(string path, ReadOnlySpan<byte> content) => Add(path, ProgramMode, content, 0, 0);

    /// <summary>Adds a character device.</summary>
    public void AddDevice(string path, int major, int minor) => Add(path, DeviceMode, [], major, minor);

    /// <summary>Ends the archive.</summary>
    public void Dispose()
    {
        Add("TRAILER!!!", 0, [], 0, 0);
        Pad(BlockSize);
        _to.Dispose();
    }

    private void Add(string path, int mode, ReadOnlySpan<byte> content, int major, int minor)
    {
        byte[] name = Encoding.UTF8.GetBytes(path + "\0");
        // Inode, mode, owner, group, links, time, size, the device that it lies on and the one that it is, length of the name, no checksum.
        int[] fields = [mode == 0 ? 0 : ++_inode, mode, 0, 0, 1, 0, content.Length, 0, 0, major, minor, name.Length, 0];
        Span<byte> header = stackalloc byte[6 + (fields.Length * 8)];
        "070701"u8.CopyTo(header);
        for (int i = 0; i < fields.Length; i++) fields[i].TryFormat(header.Slice(6 + (i * 8), 8), out _, "X8", CultureInfo.InvariantCulture);
        _to.Write(header);
        _to.Write(name);
        Pad(Alignment);
        _to.Write(content);
        Pad(Alignment);
    }

    private void Pad(int to)
    {
        int rest = (int)(_to.Position % to);
        if (rest > 0) _to.Write(new byte[to - rest]);
    }
}
