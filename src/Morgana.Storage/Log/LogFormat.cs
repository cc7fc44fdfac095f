using System.Buffers.Binary;
using System.Text;

namespace Morgana.Storage;

/// <summary>What stands in each of the first two sectors: which half of the device is the log. All numbers are little-endian.</summary>
/// <remarks><code>
/// 0 magic 8 | 8 checksum of what follows 4 | 12 version 4 | 16 generation 8 | 24 salt 8 | 32 sectors in a half 8 | 40 sector size 4
/// </code></remarks>
/// <param name="Generation">How often the log was compacted, and one; odd ones are the second half's.</param>
/// <param name="Salt">Random, new for each attempt to compact: what another attempt, or another store, has left is told by it.</param>
/// <param name="HalfSectors">Sectors in a half.</param>
internal readonly record struct LogSuperblock(long Generation, ulong Salt, long HalfSectors)
{
    /// <summary>Sectors in front of the halves.</summary>
    public const int Sectors = 2;

    private const int Size = 44;
    private const uint Version = 1;

    private static ReadOnlySpan<byte> Magic => "MorganaL"u8;

    /// <summary>The first sector of the half that is the log.</summary>
    public long Start => Sectors + (Generation % 2 * HalfSectors);

    public void WriteTo(Span<byte> sector)
    {
        sector.Clear();
        Magic.CopyTo(sector);
        BinaryPrimitives.WriteUInt32LittleEndian(sector[12..], Version);
        BinaryPrimitives.WriteInt64LittleEndian(sector[16..], Generation);
        BinaryPrimitives.WriteUInt64LittleEndian(sector[24..], Salt);
        BinaryPrimitives.WriteInt64LittleEndian(sector[32..], HalfSectors);
        BinaryPrimitives.WriteInt32LittleEndian(sector[40..], sector.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(sector[8..], Crc32C.Of(sector[12..Size]));
    }

    /// <summary>False if it is none, or torn.</summary>
    public static bool TryRead(ReadOnlySpan<byte> sector, out LogSuperblock superblock)
    {
        superblock = default;
        if (!sector.StartsWith(Magic) || BinaryPrimitives.ReadUInt32LittleEndian(sector[8..]) != Crc32C.Of(sector[12..Size])) return false;
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(sector[12..]);
        if (version != Version) throw new StoreException(StoreError.Damaged, $"The store has format {version}; {Version} is known.");
        int size = BinaryPrimitives.ReadInt32LittleEndian(sector[40..]);
        if (size != sector.Length) throw new StoreException(StoreError.Damaged, $"The store was made with sectors of {size} octets, the device has {sector.Length}.");
        superblock = new(BinaryPrimitives.ReadInt64LittleEndian(sector[16..]), BinaryPrimitives.ReadUInt64LittleEndian(sector[24..]), BinaryPrimitives.ReadInt64LittleEndian(sector[32..]));
        return true;
    }
}

/// <summary>What stands in front of each commit, at the beginning of a sector.</summary>
/// <remarks><code>
/// 0 magic 4 | 4 checksum of what follows, entries included 4 | 8 octets of entries 4 | 12 checksum of the commit before 4 | 16 salt 8 | 24 number 8
/// </code></remarks>
internal readonly record struct LogCommitHeader(uint Checksum, int Length, uint Previous, ulong Salt, long Number)
{
    public const int Size = 32;

    private const uint Magic = 0x54_49_4D_43;                  // "CMIT"

    /// <summary>Writes the header in front of a commit's entries.</summary>
    /// <returns>The commit's checksum.</returns>
    public static uint Write(Span<byte> commit, uint previous, ulong salt, long number)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(commit, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(commit[8..], commit.Length - Size);
        BinaryPrimitives.WriteUInt32LittleEndian(commit[12..], previous);
        BinaryPrimitives.WriteUInt64LittleEndian(commit[16..], salt);
        BinaryPrimitives.WriteInt64LittleEndian(commit[24..], number);
        uint checksum = Crc32C.Of(commit[8..]);
        BinaryPrimitives.WriteUInt32LittleEndian(commit[4..], checksum);
        return checksum;
    }

    /// <summary>Reads a header; whether it is one, and of this log, is all that is checked.</summary>
    public static bool TryRead(ReadOnlySpan<byte> sector, ulong salt, out LogCommitHeader header)
    {
        header = new(BinaryPrimitives.ReadUInt32LittleEndian(sector[4..]), BinaryPrimitives.ReadInt32LittleEndian(sector[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(sector[12..]), BinaryPrimitives.ReadUInt64LittleEndian(sector[16..]), BinaryPrimitives.ReadInt64LittleEndian(sector[24..]));
        return BinaryPrimitives.ReadUInt32LittleEndian(sector) == Magic && header.Salt == salt && header.Length >= 0;
    }
}

/// <summary>What an entry of a commit does.</summary>
internal enum LogEntryKind : byte
{
    /// <summary>Sets a value.</summary>
    Set = 1,

    /// <summary>Removes a value.</summary>
    Remove = 2,

    /// <summary>Removes everything at a key and below.</summary>
    RemoveTree = 3,
}

/// <summary>One entry of a commit: <c>kind 1 | octets of the key 2 | octets of the value 4 | the value's checksum 4 | Unix milliseconds 8 | key | value</c>.</summary>
internal readonly record struct LogEntry(LogEntryKind Kind, StoreKey Key, int ValueLength, uint ValueChecksum, long Modified)
{
    public const int Size = 19;

    /// <summary>The octets of an entry.</summary>
    public static long LengthOf(StoreKey key, long valueLength) => Size + Encoding.UTF8.GetByteCount(key.Path) + valueLength;

    /// <summary>Writes the entry.</summary>
    /// <returns>Where in <paramref name="destination"/> the value begins, which is behind everything else.</returns>
    public int WriteTo(Span<byte> destination)
    {
        int keyLength = Encoding.UTF8.GetBytes(Key.Path, destination[Size..]);
        destination[0] = (byte)Kind;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[1..], (ushort)keyLength);
        BinaryPrimitives.WriteInt32LittleEndian(destination[3..], ValueLength);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[7..], ValueChecksum);
        BinaryPrimitives.WriteInt64LittleEndian(destination[11..], Modified);
        return Size + keyLength;
    }

    /// <summary>Reads the entry at the front of what is left of a commit.</summary>
    /// <param name="entries">What is left.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="value">Where its value begins.</param>
    /// <returns>False if there is none. The commit's checksum was right: then it is our mistake, or somebody's who knows it.</returns>
    public static bool TryRead(ReadOnlySpan<byte> entries, out LogEntry entry, out int value)
    {
        (entry, value) = (default, 0);
        if (entries.Length < Size) return false;
        var kind = (LogEntryKind)entries[0];
        value = Size + BinaryPrimitives.ReadUInt16LittleEndian(entries[1..]);
        int valueLength = BinaryPrimitives.ReadInt32LittleEndian(entries[3..]);
        if (kind is not (LogEntryKind.Set or LogEntryKind.Remove or LogEntryKind.RemoveTree) || valueLength < 0 || value > entries.Length || valueLength > entries.Length - value) return false;
        if (!StoreKey.TryParse(Encoding.UTF8.GetString(entries[Size..value]), out var key)) return false;
        entry = new(kind, key, valueLength, BinaryPrimitives.ReadUInt32LittleEndian(entries[7..]), BinaryPrimitives.ReadInt64LittleEndian(entries[11..]));
        return true;
    }
}
