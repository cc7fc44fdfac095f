using Morgana.Core;

namespace Morgana.Protocols.Tcp;

/// <summary>Payload that was copied into a receive queue's free room while its checksum was not known yet. Nobody sees it until it is committed.</summary>
internal struct Staging
{
    private BlockChain _blocks;
    private int _inTail;

    /// <summary>Octets that are staged.</summary>
    public int Length { get; private set; }

    /// <summary>Copies a packet's octets from <paramref name="offset"/> on, and sums them.</summary>
    /// <returns>False if memory ran out: nothing is staged then.</returns>
    public bool TryStage(PacketBuffer packet, int offset, ref BlockChain queue, BufferPool pool, out ulong sum)
    {
        sum = 0;
        var room = queue.Tail is { } tail ? tail.Room : default;
        for (var block = packet.FirstBlock; block is not null; block = block.NextBlock)
        {
            int skip = Math.Min(offset, block.Length);
            offset -= skip;
            var data = block.Data[skip..];
            while (!data.IsEmpty)
            {
                if (room.IsEmpty)
                {
                    if (!pool.TryRentBlock(out var fresh))
                    {
                        Discard();
                        return false;
                    }

                    // In the chain without a length: what is filled becomes visible with it.
                    _blocks.Append(fresh);
                    room = fresh.Room;
                }

                int n = Math.Min(room.Length, data.Length);
                ulong piece = InternetChecksum.CopyAndSum(data[..n], room);
                sum = Length == 0 ? piece : InternetChecksum.Combine(sum, piece, Length);
                if (_blocks.Tail is null) _inTail += n;
                else _blocks.Commit(n);
                Length += n;
                room = room[n..];
                data = data[n..];
            }
        }

        return true;
    }

    /// <summary>The checksum is right and the segment is taken: the octets become the queue's.</summary>
    public void Commit(ref BlockChain queue)
    {
        if (_inTail > 0) queue.Commit(_inTail);
        queue.Append(ref _blocks);
        _inTail = Length = 0;
    }

    /// <summary>The octets were never there.</summary>
    public void Discard()
    {
        _blocks.Clear();
        _inTail = Length = 0;
    }
}
