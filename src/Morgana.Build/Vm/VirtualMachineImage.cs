using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Morgana.Build;

/// <summary>One bootable file: the kernel with an application laid behind it, as one more segment that any PVH loader brings into memory.</summary>
/// <remarks>No linker is needed, and no timestamp or path gets in: the same two files give the same octets.</remarks>
public static class VirtualMachineImage
{
    private const int HeaderSize = 64, EntrySize = 56, Page = 4096;
    internal const uint Load = 1;
    private const uint Note = 4, Readable = 4;
    private const ulong KernelBase = 0xffff_ffff_8000_0000;

    // What follows the mark: the application's place, its length, and what its first page makes, in eight octets each; the image's SHA-256.
    private const int PlaceField = 16, LengthField = 24, CheckField = 32, HashField = 40, HashSize = 32, MarkedSize = HashField + HashSize;

    /// <summary>Where the kernel looks for its application: Morgana.Kernel/Assembly/Instructions.S.</summary>
    private static ReadOnlySpan<byte> Mark => "Morgana image at"u8;

    /// <summary>Writes the image of a kernel and an application.</summary>
    /// <exception cref="BuildException">One of the files is not what it should be.</exception>
    public static void Create(string kernelFile, string applicationFile, string imageFile)
    {
        byte[] kernel = File.ReadAllBytes(kernelFile), application = File.ReadAllBytes(applicationFile);
        string temporary = imageFile + ".new";
        File.WriteAllBytes(temporary, Join(kernel, application));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(temporary, File.GetUnixFileMode(applicationFile));
        File.Move(temporary, imageFile, overwrite: true);
    }

    /// <summary>Whether a file is a kernel's image, rather than a program for Linux: it is linked where only a kernel can be.</summary>
    /// <remarks>Two of three addresses say so, that of its entry and of two pieces: one that is damaged does not make a program of it.</remarks>
    public static bool IsOne(string path)
    {
        const int entry = 24, first = HeaderSize + 16, second = first + EntrySize;
        Span<byte> header = stackalloc byte[HeaderSize + (2 * EntrySize)];
        using var file = File.OpenHandle(path);
        if (RandomAccess.Read(file, header, 0) != header.Length || !header[..4].SequenceEqual("\u007fELF"u8)) return false;
        int high = 0;
        foreach (int at in (ReadOnlySpan<int>)[entry, first, second])
            if (BinaryPrimitives.ReadUInt64LittleEndian(header[at..]) >= KernelBase) high++;
        return high >= 2;
    }

    /// <summary>Holds an image against what was noted in it when it was made.</summary>
    /// <exception cref="BuildException">It has changed since.</exception>
    public static void Verify(ReadOnlySpan<byte> image)
    {
        int mark = image.IndexOf(Mark);
        if (mark < 0 || mark + MarkedSize > image.Length || !Hash(image, mark + HashField).AsSpan().SequenceEqual(image.Slice(mark + HashField, HashSize)))
            throw new BuildException("it is damaged: its SHA-256 is not the one that was noted in it. Build it again.");
    }

    // Of everything but the place where it is noted.
    private static byte[] Hash(ReadOnlySpan<byte> image, int at)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(image[..at]);
        hash.AppendData(image[(at + HashSize)..]);
        return hash.GetHashAndReset();
    }

    // As the kernel does it: Boot/Application.cs.
    private static ulong Check(ReadOnlySpan<byte> application)
    {
        ulong hash = 0xcbf2_9ce4_8422_2325;
        for (int at = 0; at + 8 <= Math.Min(application.Length, Page); at += 8) hash = (hash ^ BinaryPrimitives.ReadUInt64LittleEndian(application[at..])) * 0x100_0000_01b3;
        return hash;
    }

    /// <summary>Where in a file the application of an image begins.</summary>
    /// <param name="path">An image, or a file with one in it.</param>
    /// <param name="at">Where the image begins.</param>
    /// <exception cref="BuildException">There is none.</exception>
    public static long FindApplication(string path, long at = 0)
    {
        using var file = File.OpenHandle(path);
        byte[] start = new byte[4 * Page];
        // Only the headers are here: where the segments lead is looked at by who follows.
        int length = RandomAccess.Read(file, start, at);
        long size = RandomAccess.GetLength(file) - at;
        byte[] mark = new byte[4];
        foreach (var segment in Segments(start.AsSpan(0, length), size).AsEnumerable().Reverse())
            if (segment.Type == Load && RandomAccess.Read(file, mark, at + (long)segment.Offset) == mark.Length && mark.AsSpan().SequenceEqual("\u007fELF"u8)) return at + (long)segment.Offset;
        throw new BuildException("there is no application in the image.");
    }

    /// <summary>The application in an image.</summary>
    /// <exception cref="BuildException">There is none.</exception>
    public static ReadOnlyMemory<byte> GetApplication(ReadOnlyMemory<byte> image)
    {
        foreach (var segment in Segments(image.Span))
        {
            var content = image.Slice((int)segment.Offset, (int)segment.FileSize);
            if (segment.Type == Load && content.Length > HeaderSize && content.Span[..4].SequenceEqual("\u007fELF"u8)) return content;
        }

        throw new BuildException("there is no application in the image.");
    }

    /// <summary>Where a monitor enters an image, as a physical address.</summary>
    internal static ulong PhysicalEntry(ReadOnlySpan<byte> image) => BinaryPrimitives.ReadUInt64LittleEndian(image[24..]) - KernelBase;

    /// <summary>A program header.</summary>
    public readonly record struct Segment(uint Type, uint Flags, ulong Offset, ulong Address, ulong Physical, ulong FileSize, ulong MemorySize);

    /// <summary>The program headers of an ELF file.</summary>
    /// <exception cref="BuildException">They lie.</exception>
    public static IReadOnlyList<Segment> Segments(ReadOnlySpan<byte> file) => Segments(file, file.Length);

    private static List<Segment> Segments(ReadOnlySpan<byte> file, long size)
    {
        if (file.Length < HeaderSize || !file[..4].SequenceEqual("\u007fELF"u8)) throw new BuildException("it is no ELF file.");
        ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(file[32..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(file[56..]);
        if (offset > (ulong)file.Length || (ulong)(count * EntrySize) > (ulong)file.Length - offset) throw new BuildException("its program headers are outside of the file.");
        var segments = new List<Segment>();
        for (int i = 0; i < count; i++)
        {
            var entry = file[((int)offset + (i * EntrySize))..];
            var segment = new Segment(BinaryPrimitives.ReadUInt32LittleEndian(entry), BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]), Read(entry, 8), Read(entry, 16), Read(entry, 24), Read(entry, 32), Read(entry, 40));
            if (segment.Offset > (ulong)size || segment.FileSize > (ulong)size - segment.Offset) throw new BuildException("a segment is outside of the file.");
            segments.Add(segment);
        }

        return segments;

        static ulong Read(ReadOnlySpan<byte> entry, int at) => BinaryPrimitives.ReadUInt64LittleEndian(entry[at..]);
    }

    private static byte[] Join(byte[] kernel, byte[] application)
    {
        var segments = Segments(kernel);
        var loaded = segments.Where(s => s.Type == Load).ToArray();
        if (loaded.Length == 0) throw new BuildException("the kernel has no segments.");
        // Sections and names of the kernel's are for debuggers, which have the kernel's own file.
        int kernelLength = (int)loaded.Max(s => s.Offset + s.FileSize);
        int start = (kernelLength + Page - 1) & -Page;
        ulong physical = (loaded.Max(s => s.Physical + s.MemorySize) + Page - 1) & ~(ulong)(Page - 1);
        // The application's notes become the image's: whoever looks for a manifest finds it in either file.
        var notes = Segments(application).Where(n => n.Type == Note).ToArray();
        int headers = segments.Count + 1 + notes.Length;
        if (HeaderSize + (headers * EntrySize) > (int)loaded.Min(s => s.Offset)) throw new BuildException("the kernel leaves no room for more program headers.");

        byte[] image = new byte[start + application.Length];
        kernel.AsSpan(0, kernelLength).CopyTo(image);
        application.CopyTo(image.AsSpan(start));
        WriteHeader(image, segments.Count, new(Load, Readable, (ulong)start, KernelBase + physical, physical, (ulong)application.Length, (ulong)application.Length), Page);
        for (int i = 0; i < notes.Length; i++)
        {
            ulong offset = notes[i].Offset;
            WriteHeader(image, segments.Count + 1 + i, notes[i] with { Offset = (ulong)start + offset, Address = KernelBase + physical + offset, Physical = physical + offset }, 4);
        }

        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(56), (ushort)headers);
        // No section headers: offset, count, index of names.
        Write(image, 40, 0);
        image.AsSpan(60, 4).Clear();

        int mark = image.AsSpan(0, kernelLength).IndexOf(Mark);
        if (mark < 0 || mark + MarkedSize > kernelLength || image.AsSpan(mark + 1, kernelLength - mark - 1).IndexOf(Mark) >= 0) throw new BuildException("the kernel does not say where it looks for its application.");
        Write(image, mark + PlaceField, physical);
        Write(image, mark + LengthField, (ulong)application.Length);
        Write(image, mark + CheckField, Check(application));
        Hash(image, mark + HashField).CopyTo(image, mark + HashField);
        return image;

        static void WriteHeader(byte[] image, int index, Segment segment, ulong alignment)
        {
            var entry = image.AsSpan(HeaderSize + (index * EntrySize), EntrySize);
            BinaryPrimitives.WriteUInt32LittleEndian(entry, segment.Type);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], segment.Flags);
            Write(entry, 8, segment.Offset);
            Write(entry, 16, segment.Address);
            Write(entry, 24, segment.Physical);
            Write(entry, 32, segment.FileSize);
            Write(entry, 40, segment.MemorySize);
            Write(entry, 48, alignment);
        }

        static void Write(Span<byte> to, int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(to[at..], value);
    }
}
