using System.Buffers.Binary;

namespace Morgana.Build;

/// <summary>What there is to know about an image before it is started.</summary>
public static class ElfFile
{
    private const int HeaderSize = 64;
    private const ushort MachineX64 = 62;

    /// <summary>Whether the file begins as ELF files do.</summary>
    public static bool IsElf(string path)
    {
        Span<byte> magic = stackalloc byte[4];
        return Read(path, magic) == magic.Length && magic.SequenceEqual("\u007fELF"u8);
    }

    /// <summary>Says in one line why the file cannot be started as an image here, or null if it can.</summary>
    public static string? FindFault(string path)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        int length = Read(path, header);
        if (length < 4 || !header[..4].SequenceEqual("\u007fELF"u8)) return $"{path} is not an image: it is no ELF file. Make one with: morgana build PROJECT -o FILE";
        if (length < HeaderSize) return $"{path} is not an image: its ELF header is cut short.";
        // System V ABI, "ELF Header": EI_CLASS 2 is 64-bit, EI_DATA 1 little-endian; e_type 2 EXEC, 3 DYN.
        if (header[4] != 2 || header[5] != 1 || BinaryPrimitives.ReadUInt16LittleEndian(header[18..]) != MachineX64) return $"{path} is not an image for x86-64.";
        if (BinaryPrimitives.ReadUInt16LittleEndian(header[16..]) is not (2 or 3)) return $"{path} is not an image: it is an ELF file, but no executable one.";
        const UnixFileMode anyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & anyExecute) == 0) return $"{path} may not be executed: chmod +x {path}";
        return null;
    }

    private static int Read(string path, Span<byte> bytes)
    {
        using var file = File.OpenHandle(path);
        return RandomAccess.Read(file, bytes, 0);
    }
}
