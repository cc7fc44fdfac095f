using Morgana.Core;

namespace Morgana.Protocols.Tcp;

/// <summary>Copies payload between packets and queues, fused with its checksum where that is wanted.</summary>
internal static class Payload
{
    /// <summary>Copies from a packet behind a chain, as much as there is memory for.</summary>
    public static int Append(ref BlockChain chain, PacketBuffer packet, int offset, int count, BufferPool pool)
    {
        int copied = 0;
        for (var block = packet.FirstBlock; block is not null && copied < count; block = block.NextBlock)
        {
            int skip = Math.Min(offset, block.Length);
            offset -= skip;
            int n = Math.Min(block.Length - skip, count - copied);
            if (n == 0) continue;
            int taken = chain.Append(block.Data.Slice(skip, n), pool);
            copied += taken;
            if (taken < n) break;
        }

        return copied;
    }

    /// <summary>Copies octets of the send queue behind a packet's data and adds their partial sum to <paramref name="sum"/>.</summary>
    /// <param name="block">Where the octets begin; moved on behind what was copied.</param>
    /// <param name="offset">The offset in that block.</param>
    /// <param name="count">How many are wanted.</param>
    /// <param name="packet">The packet; blocks are added while the pool has them.</param>
    /// <param name="sum">The partial sum over the payload.</param>
    /// <returns>How many were copied.</returns>
    public static int CopyOut(ref PoolBlock? block, ref int offset, int count, PacketBuffer packet, ref ulong sum)
    {
        int copied = 0;
        while (copied < count)
        {
            if (offset == block!.End)
            {
                block = block.NextBlock;
                offset = block!.Start;
            }

            int n = Math.Min(block.End - offset, count - copied);
            var room = packet.Append(n);
            if (room.IsEmpty)
            {
                if (!packet.TryExtend()) break;
                continue;
            }

            ulong piece = InternetChecksum.CopyAndSum(block.Data.Slice(offset - block.Start, room.Length), room);
            sum = copied == 0 ? piece : InternetChecksum.Combine(sum, piece, copied);
            copied += room.Length;
            offset += room.Length;
        }

        return copied;
    }
}
