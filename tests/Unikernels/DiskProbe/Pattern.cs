using System.Buffers.Binary;

namespace DiskProbe;

/// <summary>What is in a sector by its number and by how often it was written: both sides of a test know it.</summary>
internal static class Pattern
{
    public const int SectorSize = 512, WritesPerRound = 16;

    /// <summary>Fills whole sectors.</summary>
    public static void Fill(Span<byte> sectors, long first, int generation)
    {
        for (int at = 0; at < sectors.Length; at += SectorSize, first++)
        {
            // xorshift64, from a state that no two sectors and generations share.
            ulong state = ((ulong)(first + 1) << 20) + (ulong)generation;
            for (int i = 0; i < SectorSize; i += sizeof(ulong))
            {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                BinaryPrimitives.WriteUInt64LittleEndian(sectors[(at + i)..], state);
            }
        }
    }

    /// <summary>The sectors that a round of the ledger writes: never the same one twice in a round.</summary>
    public static IEnumerable<long> Round(int round, long sectorCount) => Enumerable.Range(0, WritesPerRound).Select(i => ((round * 5L) + (i * 3L)) % sectorCount);
}
