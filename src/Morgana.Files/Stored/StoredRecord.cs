using System.Buffers.Binary;

namespace Morgana.Files;

/// <summary>What a store keeps of a file, a directory or a link: attributes, and all of its names. All numbers are little-endian.</summary>
/// <remarks><code>
/// 0 type and permissions 4 | 4 user 4 | 8 group 4 | 12 size 8 | 20 modified 12 | 32 changed 12 | 44 read 12 | 56 names 2 | 58 octets of the target 2 |
/// names: number of the directory 8, octets 1, name | target
/// </code>A time is seconds, 8, and nanoseconds, 4.</remarks>
internal sealed record StoredRecord(FileStatus Status, IReadOnlyList<StoredName> Names, byte[] Target)
{
    /// <summary>Names that a file can have, at most: EMLINK beyond.</summary>
    public const int MaxNames = 256;

    private const int HeaderLength = 60;

    public byte[] ToArray()
    {
        int length = HeaderLength + Target.Length;
        foreach (var name in Names) length += 9 + name.Octets.Length;
        byte[] record = new byte[length];
        var to = record.AsSpan();
        BinaryPrimitives.WriteInt32LittleEndian(to, Status.Mode);
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], Status.Uid);
        BinaryPrimitives.WriteUInt32LittleEndian(to[8..], Status.Gid);
        BinaryPrimitives.WriteInt64LittleEndian(to[12..], Status.Size);
        Write(to[20..], Status.Modified);
        Write(to[32..], Status.Changed);
        Write(to[44..], Status.Accessed);
        BinaryPrimitives.WriteUInt16LittleEndian(to[56..], (ushort)Names.Count);
        BinaryPrimitives.WriteUInt16LittleEndian(to[58..], (ushort)Target.Length);
        to = to[HeaderLength..];
        foreach (var name in Names)
        {
            BinaryPrimitives.WriteInt64LittleEndian(to, name.Directory);
            to[8] = (byte)name.Octets.Length;
            name.Octets.CopyTo(to[9..]);
            to = to[(9 + name.Octets.Length)..];
        }

        Target.CopyTo(to);
        return record;
    }

    /// <summary>Reads a record that somebody may have made up.</summary>
    /// <returns>False if it is none.</returns>
    public static bool TryRead(ReadOnlySpan<byte> from, long number, out StoredRecord? record)
    {
        record = null;
        if (from.Length < HeaderLength) return false;
        int mode = BinaryPrimitives.ReadInt32LittleEndian(from);
        var status = new FileStatus
        {
            Type = (FileType)(mode & 0xF000),
            Permissions = mode & 0xFFF,
            Uid = BinaryPrimitives.ReadUInt32LittleEndian(from[4..]),
            Gid = BinaryPrimitives.ReadUInt32LittleEndian(from[8..]),
            Size = BinaryPrimitives.ReadInt64LittleEndian(from[12..]),
            Modified = ReadTime(from[20..]),
            Changed = ReadTime(from[32..]),
            Accessed = ReadTime(from[44..]),
            Number = number,
        };
        if ((mode & ~0xFFFF) != 0 || status.Size < 0 || status.Type is not (FileType.Regular or FileType.Directory or FileType.Link or FileType.Socket)) return false;
        int names = BinaryPrimitives.ReadUInt16LittleEndian(from[56..]), target = BinaryPrimitives.ReadUInt16LittleEndian(from[58..]);
        from = from[HeaderLength..];
        var found = new StoredName[Math.Min(names, MaxNames)];
        if (names > found.Length) return false;
        for (int i = 0; i < names; i++)
        {
            if (from.Length < 9 || from.Length < 9 + from[8] || !IsName(from.Slice(9, from[8]))) return false;
            found[i] = new(BinaryPrimitives.ReadInt64LittleEndian(from), from.Slice(9, from[8]).ToArray());
            from = from[(9 + from[8])..];
        }

        if (from.Length != target || from.Contains((byte)0) || (target > 0) != (status.Type == FileType.Link)) return false;
        record = new(status, found, from.ToArray());
        return true;
    }

    private static bool IsName(ReadOnlySpan<byte> name) =>
        name.Length is > 0 and <= FileName.MaxLength && !name.ContainsAny((byte)'/', (byte)0) && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8);

    private static void Write(Span<byte> to, FileTime time)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, time.Seconds);
        BinaryPrimitives.WriteInt32LittleEndian(to[8..], time.Nanoseconds);
    }

    private static FileTime ReadTime(ReadOnlySpan<byte> from) => new(BinaryPrimitives.ReadInt64LittleEndian(from), Math.Clamp(BinaryPrimitives.ReadInt32LittleEndian(from[8..]), 0, 999_999_999));
}

/// <summary>A name of a file, and the number of the directory that it is in.</summary>
internal sealed class StoredName(long directory, byte[] octets)
{
    public long Directory => directory;

    public byte[] Octets => octets;
}
