using System.Buffers.Binary;
using System.Text;

namespace Morgana.Build;

/// <summary>A raw disk that a PC's BIOS boots, for machines that take no ELF file: a loader, the kernel's command line, and a bootable image as it is.</summary>
/// <remarks>
/// <code>
/// octets          what
/// 0               the loader (Morgana.Kernel/Loader/Loader.S), with a table of partitions in its first sector and one of pieces in its second
/// 2048            the command line, zero-terminated
/// 8192            the image
/// </code>
/// The rest of the disk is zero, up to a whole number of megabytes. The same image and line give the same octets.
/// </remarks>
public static class DiskImage
{
    /// <summary>Where the image begins.</summary>
    public const int ImageOffset = 8192;

    private const int Sector = 512, LoaderSize = 4 * Sector, LineOffset = LoaderSize, LineSize = 4096, Table = Sector, MostPieces = 8, Pieces = Table + 32;
    private const int Megabyte = 1 << 20;

    // Less is more than some BIOSes read: they take the disk for one with another geometry.
    private const int LeastSize = 4 * Megabyte;

    private static ReadOnlySpan<byte> Mark => "Morgana disk at:"u8;

    /// <summary>Writes a disk.</summary>
    /// <param name="imageFile">A bootable image: <see cref="VirtualMachineImage"/>.</param>
    /// <param name="loaderFile">The loader, as the kernel's build makes it.</param>
    /// <param name="commandLine">What the kernel finds as its command line.</param>
    /// <param name="diskFile">Where to.</param>
    /// <exception cref="BuildException">One of them is not what it should be.</exception>
    public static void Create(string imageFile, string loaderFile, string commandLine, string diskFile)
    {
        byte[] image = File.ReadAllBytes(imageFile), loader = File.ReadAllBytes(loaderFile);
        if (loader.Length != LoaderSize || !loader.AsSpan(Table, Mark.Length).SequenceEqual(Mark)) throw new BuildException($"{loaderFile} is not the loader of this version.");
        int size = Math.Max(LeastSize, (ImageOffset + image.Length + Megabyte - 1) & -Megabyte);
        FillTable(loader.AsSpan(Table), image);
        FillPartitions(loader.AsSpan(446, 64), size / Sector);

        string temporary = diskFile + ".new";
        using (var disk = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write, preallocationSize: 0))
        {
            RandomAccess.Write(disk, loader, 0);
            RandomAccess.Write(disk, Line(commandLine), LineOffset);
            RandomAccess.Write(disk, image, ImageOffset);
            RandomAccess.SetLength(disk, size);
        }

        File.Move(temporary, diskFile, overwrite: true);
    }

    /// <summary>Copies a disk and gives the copy another command line.</summary>
    public static void Copy(string diskFile, string commandLine, string copy)
    {
        byte[] line = Line(commandLine);
        File.Copy(diskFile, copy, overwrite: true);
        using var disk = File.OpenHandle(copy, FileMode.Open, FileAccess.Write);
        RandomAccess.Write(disk, line, LineOffset);
    }

    /// <summary>Whether a file is such a disk.</summary>
    public static bool IsOne(string path)
    {
        Span<byte> start = stackalloc byte[Table + 16];
        using var file = File.OpenHandle(path);
        return RandomAccess.Read(file, start, 0) == start.Length && start[510] == 0x55 && start[511] == 0xaa && start[Table..].SequenceEqual(Mark);
    }

    /// <summary>The octets of the image on a disk, wherever the disk ends.</summary>
    /// <exception cref="BuildException">The disk says what cannot be.</exception>
    public static int ImageLength(string path)
    {
        Span<byte> field = stackalloc byte[4];
        using var file = File.OpenHandle(path);
        uint length = RandomAccess.Read(file, field, Table + 28) == field.Length ? BinaryPrimitives.ReadUInt32LittleEndian(field) : 0;
        return length > 0 && length <= RandomAccess.GetLength(file) - ImageOffset ? (int)length : throw new BuildException($"{path} is cut short, or damaged.");
    }

    /// <summary>The image on a disk.</summary>
    /// <exception cref="BuildException">The disk says what cannot be.</exception>
    public static byte[] ReadImage(string path)
    {
        byte[] image = new byte[ImageLength(path)];
        using var file = File.OpenHandle(path);
        return RandomAccess.Read(file, image, ImageOffset) == image.Length ? image : throw new BuildException($"{path} is cut short.");
    }

    /// <summary>The command line on a disk.</summary>
    public static string ReadCommandLine(string path)
    {
        byte[] line = new byte[LineSize];
        using var file = File.OpenHandle(path);
        int read = RandomAccess.Read(file, line, LineOffset), end = line.AsSpan(0, read).IndexOf((byte)0);
        return Encoding.UTF8.GetString(line, 0, end < 0 ? read : end);
    }

    private static byte[] Line(string commandLine)
    {
        byte[] line = new byte[LineSize];
        if (Encoding.UTF8.GetByteCount(commandLine) >= LineSize) throw new BuildException($"the command line is longer than {LineSize - 1} octets.");
        Encoding.UTF8.GetBytes(commandLine, line);
        return line;
    }

    // Loader.S: mark, the kernel's entry, the end of what is loaded, how many pieces, the image's octets; then a piece each.
    private static void FillTable(Span<byte> table, ReadOnlySpan<byte> image)
    {
        var pieces = VirtualMachineImage.Segments(image).Where(s => s.Type == VirtualMachineImage.Load && s.MemorySize > 0).ToArray();
        if (pieces.Length is 0 or > MostPieces) throw new BuildException($"the image has {pieces.Length} pieces, and the loader takes {MostPieces}.");
        Write(table, 16, VirtualMachineImage.PhysicalEntry(image));
        Write(table, 20, pieces.Max(p => p.Physical + p.MemorySize));
        Write(table, 24, (ulong)pieces.Length);
        Write(table, 28, (ulong)image.Length);
        for (int i = 0; i < pieces.Length; i++)
        {
            var piece = pieces[i];
            if (piece.Offset % Sector != 0 || piece.FileSize > piece.MemorySize) throw new BuildException("a piece of the image begins within a sector of the disk, or is longer there than in memory.");
            var entry = table[(Pieces - Table + (i * 16))..];
            Write(entry, 0, (ImageOffset + piece.Offset) / Sector);
            Write(entry, 4, piece.FileSize);
            Write(entry, 8, piece.Physical);
            Write(entry, 12, piece.MemorySize);
        }

        static void Write(Span<byte> to, int at, ulong value) =>
            BinaryPrimitives.WriteUInt32LittleEndian(to[at..], value <= int.MaxValue ? (uint)value : throw new BuildException("the image lies beyond what the loader reaches."));
    }

    // One partition, active, of a type that no system takes for its own: some BIOSes boot no disk that has none. Only LBA counts.
    private static void FillPartitions(Span<byte> table, int sectors)
    {
        table.Clear();
        ReadOnlySpan<byte> entry = [0x80, 0xff, 0xff, 0xff, 0xda, 0xff, 0xff, 0xff];
        entry.CopyTo(table);
        BinaryPrimitives.WriteUInt32LittleEndian(table[8..], 1);
        BinaryPrimitives.WriteUInt32LittleEndian(table[12..], (uint)sectors - 1);
    }
}
