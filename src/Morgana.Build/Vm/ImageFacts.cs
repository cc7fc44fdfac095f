using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Morgana.Build;

/// <summary>What can be seen in an image from outside: its pieces, and the notes of kernel and builder.</summary>
public sealed class ImageFacts
{
    private const uint NoteSegment = 4, Load = 1, Writable = 2, Executable = 1;

    private readonly ReadOnlyMemory<byte> _file;

    private ImageFacts(string path)
    {
        IsDisk = DiskImage.IsOne(path);
        if (!IsDisk && !ElfFile.IsElf(path)) throw new BuildException($"{path} is not an image: it is no ELF file, and no disk of Morgana's. Make one with: morgana build PROJECT -o FILE");
        IsBootable = IsDisk || VirtualMachineImage.IsOne(path);
        _file = IsDisk ? DiskImage.ReadImage(path) : File.ReadAllBytes(path);
        if (IsBootable) VirtualMachineImage.Verify(_file.Span);
        else VirtualMachineImage.Segments(_file.Span);          // A program that is cut short is refused, rather than half shown.
        Application = IsBootable ? VirtualMachineImage.GetApplication(_file) : _file;
        CommandLine = IsDisk ? DiskImage.ReadCommandLine(path) : null;
        Length = new FileInfo(path).Length;
        using var content = File.OpenRead(path);
        Hash = Convert.ToHexStringLower(SHA256.HashData(content));
    }

    /// <summary>Whether it is a disk, with an image on it.</summary>
    public bool IsDisk { get; }

    /// <summary>What a disk says to its kernel; null where the monitor says it.</summary>
    public string? CommandLine { get; }

    /// <summary>Whether it has a kernel, and boots.</summary>
    public bool IsBootable { get; }

    /// <summary>The application, by itself.</summary>
    public ReadOnlyMemory<byte> Application { get; }

    /// <summary>SHA-256 of the file, in hexadecimal.</summary>
    public string Hash { get; }

    /// <summary>Octets of the file.</summary>
    public long Length { get; }

    /// <summary>The kernel's part of a bootable image.</summary>
    public IReadOnlyList<(string Name, long File, long Memory)> KernelPieces => IsBootable ? Pieces(_file.Span, 3) : [];

    /// <summary>The application's pieces.</summary>
    public IReadOnlyList<(string Name, long File, long Memory)> ApplicationPieces => Pieces(Application.Span, int.MaxValue);

    /// <summary>The system calls that the kernel serves, by number: a note of the kernel's (Morgana.Kernel/Build/link.sh).</summary>
    public IReadOnlyList<(int Number, string Name)> SystemCalls =>
        [.. Encoding.ASCII.GetString(FindNote("Morgana", 2)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(' ')).Select(w => (int.Parse(w[0], CultureInfo.InvariantCulture), w[1]))];

    /// <summary>Reads an image.</summary>
    /// <exception cref="BuildException">It is none.</exception>
    public static ImageFacts Read(string path) => new(path);

    // A piece for each thing that is loaded, by what it may be used for.
    private static List<(string, long, long)> Pieces(ReadOnlySpan<byte> file, int most)
    {
        var pieces = new List<(string, long, long)>();
        foreach (var segment in VirtualMachineImage.Segments(file))
        {
            if (segment.Type != Load || pieces.Count == most) continue;
            string name = (segment.Flags & Executable) != 0 ? "code" : (segment.Flags & Writable) != 0 ? "data" : "constants";
            pieces.Add((name, (long)segment.FileSize, (long)segment.MemorySize));
        }

        return pieces;
    }

    // System V ABI, "Note Section".
    private ReadOnlySpan<byte> FindNote(string owner, uint type)
    {
        foreach (var segment in VirtualMachineImage.Segments(_file.Span))
        {
            if (segment.Type != NoteSegment) continue;
            for (var notes = _file.Span.Slice((int)segment.Offset, (int)segment.FileSize); notes.Length >= 12;)
            {
                long nameLength = BinaryPrimitives.ReadUInt32LittleEndian(notes), length = BinaryPrimitives.ReadUInt32LittleEndian(notes[4..]);
                long content = 12 + ((nameLength + 3) & ~3L), whole = content + ((length + 3) & ~3L);
                if (content + length > notes.Length) break;
                if (BinaryPrimitives.ReadUInt32LittleEndian(notes[8..]) == type && nameLength == owner.Length + 1 && Encoding.ASCII.GetString(notes.Slice(12, owner.Length)) == owner)
                    return notes.Slice((int)content, (int)length);
                notes = whole < notes.Length ? notes[(int)whole..] : [];
            }
        }

        return [];
    }
}
