namespace Morgana.Kernel;

/// <summary>Physical memory in frames of 4 KB: which are free. Single frames come in a few instructions however full memory is; runs are searched for.</summary>
/// <remarks>
/// A bit for each frame, set while it is free, and two levels of summary above: a bit there says that some bit below is set. 4 KB of
/// table for every 128 MB. All that is not added is taken, so holes and devices need no mention.
/// </remarks>
internal unsafe struct FrameAllocator
{
    public const int FrameSize = 4096;
    public const ulong None = ulong.MaxValue;

    private ulong* _free;               // level 0: one bit for each frame
    private ulong* _summary;            // level 1: one bit for each word of level 0
    private ulong* _top;                // level 2: one bit for each word of level 1
    private ulong _frames;

    /// <summary>Frames that are free.</summary>
    public ulong FreeCount;

    /// <summary>Frames that were ever added.</summary>
    public ulong TotalCount;

    /// <summary>Octets of table for memory that ends at frame <paramref name="frames"/>.</summary>
    public static ulong TableSize(ulong frames) => (Words(frames) + Words(Words(frames)) + Words(Words(Words(frames)))) * 8;

    /// <summary>Begins with every frame taken. <paramref name="table"/> has <see cref="TableSize"/> octets, all zero.</summary>
    public void Init(void* table, ulong frames)
    {
        _frames = frames;
        _free = (ulong*)table;
        _summary = _free + Words(frames);
        _top = _summary + Words(Words(frames));
        FreeCount = TotalCount = 0;
    }

    /// <summary>Adds the whole frames between two physical addresses.</summary>
    public void Add(ulong start, ulong end)
    {
        ulong frame = (start + FrameSize - 1) / FrameSize, behind = Bits.Min(end / FrameSize, _frames);
        while (frame < behind)
        {
            // Whole words at once: at boot, all of memory is added.
            if ((frame & 63) == 0 && behind - frame >= 64 && _free[frame / 64] == 0)
            {
                MarkWord(frame / 64);
                TotalCount += 64;
                frame += 64;
                continue;
            }

            if (!IsFree(frame))
            {
                Mark(frame);
                TotalCount++;
            }

            frame++;
        }
    }

    /// <summary>Takes the lowest free frame: its physical address, or <see cref="None"/>.</summary>
    public ulong Take()
    {
        ulong tops = Words(Words(Words(_frames)));
        for (ulong t = 0; t < tops; t++)
        {
            if (_top[t] == 0) continue;
            ulong s = (t * 64) + (ulong)LowestBit(_top[t]);
            ulong w = (s * 64) + (ulong)LowestBit(_summary[s]);
            ulong frame = (w * 64) + (ulong)LowestBit(_free[w]);
            Clear(frame);
            return frame * FrameSize;
        }

        return None;
    }

    /// <summary>Takes frames behind each other, as high as possible: low memory stays whole for what needs it.</summary>
    /// <returns>The first one's physical address, or <see cref="None"/>.</returns>
    public ulong TakeRun(ulong count)
    {
        if (count == 0 || count > FreeCount) return None;
        ulong run = 0;
        for (ulong frame = _frames; frame-- > 0;)
        {
            // Whole words that are taken end any run at once, and those that are free lengthen it.
            if ((frame & 63) == 63 && (_free[frame / 64] == 0 || (_free[frame / 64] == ulong.MaxValue && run + 64 < count)))
            {
                run = _free[frame / 64] == 0 ? 0 : run + 64;
                frame -= 63;
                continue;
            }

            run = IsFree(frame) ? run + 1 : 0;
            if (run < count) continue;
            for (ulong i = 0; i < count; i++) Clear(frame + i);
            return frame * FrameSize;
        }

        return None;
    }

    /// <summary>Gives a frame back.</summary>
    /// <returns>False when it was free already, or never was one: a bug of the caller's.</returns>
    public bool Return(ulong address)
    {
        ulong frame = address / FrameSize;
        if (frame >= _frames || IsFree(frame)) return false;
        Mark(frame);
        return true;
    }

    /// <summary>Whether a frame is free.</summary>
    public bool IsFree(ulong frame) => frame < _frames && ((_free[frame / 64] >> (int)(frame & 63)) & 1) != 0;

    private void Mark(ulong frame)
    {
        ulong w = frame / 64, s = w / 64;
        _free[w] |= 1UL << (int)(frame & 63);
        _summary[s] |= 1UL << (int)(w & 63);
        _top[s / 64] |= 1UL << (int)(s & 63);
        FreeCount++;
    }

    private void MarkWord(ulong w)
    {
        ulong s = w / 64;
        _free[w] = ulong.MaxValue;
        _summary[s] |= 1UL << (int)(w & 63);
        _top[s / 64] |= 1UL << (int)(s & 63);
        FreeCount += 64;
    }

    private void Clear(ulong frame)
    {
        ulong w = frame / 64, s = w / 64;
        FreeCount--;
        if ((_free[w] &= ~(1UL << (int)(frame & 63))) != 0) return;
        if ((_summary[s] &= ~(1UL << (int)(w & 63))) != 0) return;
        _top[s / 64] &= ~(1UL << (int)(s & 63));
    }

    private static ulong Words(ulong bits) => (bits + 63) / 64;

    private static int LowestBit(ulong value) => Bits.Lowest(value);
}
