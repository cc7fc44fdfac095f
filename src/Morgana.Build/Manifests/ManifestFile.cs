using System.Buffers.Binary;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;

namespace Morgana.Build.Manifests;

/// <summary>Finds the manifest in an image or in a compiled assembly, without running either.</summary>
public static class ManifestFile
{
    /// <summary>The longest manifest that is read, in octets.</summary>
    public const int MaxLength = 1 << 20;

    private const string Owner = "Morgana";
    private const uint NoteSegment = 4;         // PT_NOTE
    private const uint ManifestNote = 1, FilesNote = 2;

    /// <summary>Reads the manifest of an image, or of an assembly. Null if it has none: then it names no parts.</summary>
    /// <exception cref="BuildException">It is damaged, or of a newer schema.</exception>
    public static Manifest? Read(string path)
    {
        byte[]? json = ElfFile.IsElf(path) || DiskImage.IsOne(path) ? FindNote(path, ManifestNote) : FindAttribute(path);
        return json is null ? null : Manifest.Parse(json, path);
    }

    /// <summary>Whether an image has files of its own, beside which others can be mounted: Morgana.Sdk's ProgramFiles.targets says so.</summary>
    public static bool HasFiles(string image) => FindNote(image, FilesNote) is not null;

    /// <summary>The note of an ELF file: System V ABI, "Program Header" and "Note Section". Every offset is the file's word until it is checked.</summary>
    private static byte[]? FindNote(string path, uint wanted)
    {
        using var file = File.OpenHandle(path);
        // A virtual machine's image has its application whole, behind the kernel.
        long start = DiskImage.IsOne(path) ? VirtualMachineImage.FindApplication(path, DiskImage.ImageOffset) : VirtualMachineImage.IsOne(path) ? VirtualMachineImage.FindApplication(path) : 0;
        long size = RandomAccess.GetLength(file) - start;
        Span<byte> header = stackalloc byte[64];
        if (RandomAccess.Read(file, header, start) < header.Length || header[4] != 2 || header[5] != 1) return null;
        ulong table = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
        int entry = BinaryPrimitives.ReadUInt16LittleEndian(header[54..]), count = BinaryPrimitives.ReadUInt16LittleEndian(header[56..]);
        Span<byte> segment = stackalloc byte[56];
        for (int i = 0; i < Math.Min(count, 128) && entry >= segment.Length; i++)
        {
            ulong at = table + (ulong)(i * entry);
            if (at > (ulong)size || RandomAccess.Read(file, segment, start + (long)at) < segment.Length) return null;
            ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(segment[8..]), length = BinaryPrimitives.ReadUInt64LittleEndian(segment[32..]);
            if (BinaryPrimitives.ReadUInt32LittleEndian(segment) != NoteSegment || offset > (ulong)size || length > (ulong)size - offset || length > 2 * MaxLength) continue;
            byte[] notes = new byte[length];
            if (RandomAccess.Read(file, notes, start + (long)offset) == notes.Length && FindNote(notes, wanted, path) is { } found) return found;
        }

        return null;
    }

    private static byte[]? FindNote(ReadOnlySpan<byte> notes, uint wanted, string path)
    {
        while (notes.Length >= 12)
        {
            uint nameLength = BinaryPrimitives.ReadUInt32LittleEndian(notes), length = BinaryPrimitives.ReadUInt32LittleEndian(notes[4..]), type = BinaryPrimitives.ReadUInt32LittleEndian(notes[8..]);
            long name = Align(nameLength), whole = 12 + name + Align(length);
            bool isOurs = nameLength == Owner.Length + 1 && notes.Length >= 12 + name && Encoding.ASCII.GetString(notes.Slice(12, Owner.Length)) == Owner;
            if (isOurs && (length > MaxLength || 12 + name + length > notes.Length)) throw new BuildException($"the manifest of {path} is cut short or too long: build the image again");
            if (isOurs && type == wanted) return notes.Slice((int)(12 + name), (int)length).ToArray();
            if (whole > notes.Length) return null;
            notes = notes[(int)whole..];
        }

        return null;
    }

    private static long Align(uint length) => ((long)length + 3) & ~3L;

    /// <summary>The attribute that the generator wrote: <c>AssemblyMetadata("Morgana.Manifest", ...)</c>.</summary>
    private static byte[]? FindAttribute(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            using var image = new PEReader(file);
            if (!image.HasMetadata) return null;
            var reader = image.GetMetadataReader();
            foreach (var handle in reader.GetAssemblyDefinition().GetCustomAttributes())
            {
                // ECMA-335 II.23.3: a prolog, and the constructor's two texts.
                var value = reader.GetBlobReader(reader.GetCustomAttribute(handle).Value);
                if (value.Length < 20 || value.ReadUInt16() != 1 || TryReadText(ref value) != "Morgana.Manifest") continue;
                return TryReadText(ref value) is { } json ? Encoding.UTF8.GetBytes(json) : null;
            }
        }
        catch (BadImageFormatException)
        {
            throw new BuildException($"{path} is neither an image nor an assembly");
        }

        return null;
    }

    private static string? TryReadText(ref BlobReader value)
    {
        try
        {
            return value.ReadSerializedString();
        }
        catch (BadImageFormatException)
        {
            return null;        // An attribute of another shape.
        }
    }
}
