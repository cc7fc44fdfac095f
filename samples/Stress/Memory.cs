namespace Stress;

internal static class Memory
{
    public static void Collect()
    {
        var kept = new byte[64][];
        ulong sum = 0;
        for (int i = 0; i < 40_000; i++)
        {
            var block = new byte[100 + (i % 3000)];
            block[^1] = (byte)i;
            kept[i % kept.Length] = block;
            sum += block[^1];
        }

        GC.Collect();
        for (int i = 0; i < kept.Length; i++) Check.That(kept[i][^1] == (byte)(40_000 - kept.Length + i), "a kept array has changed");
        Check.That(sum == Enumerable.Range(0, 40_000).Aggregate(0UL, (s, i) => s + (byte)i), "a sum is wrong");
        Check.That(GC.CollectionCount(0) > 0, "nothing was collected");
    }

    public static void KeepMany()
    {
        var texts = new List<string>();
        for (int i = 0; i < 20_000; i++) texts.Add("text " + i);
        GC.Collect();
        for (int i = 0; i < texts.Count; i++) Check.That(texts[i] == "text " + i, "a text has changed");
    }

    /// <summary>More than there is: the exception comes, and the program goes on.</summary>
    public static void Exhaust()
    {
        var hoard = new List<byte[]>();
        bool thrown = false;
        try
        {
            while (hoard.Count < 100_000)
            {
                var block = new byte[256 * 1024];
                block.AsSpan().Fill(1);
                hoard.Add(block);
            }
        }
        catch (OutOfMemoryException)
        {
            thrown = true;
        }

        int count = hoard.Count;
        hoard.Clear();
        GC.Collect();
        Check.That(thrown && count > 0, "memory did not end");
        Check.That(new byte[256 * 1024].Length > 0, "nothing came back");
    }

    /// <summary>Native memory, which no collector limits, until the machine has none.</summary>
    public static unsafe void Devour()
    {
        while (true)
        {
            byte* block = (byte*)System.Runtime.InteropServices.NativeMemory.Alloc(64 * 1024);
            new Span<byte>(block, 64 * 1024).Fill(1);
        }
    }
}
