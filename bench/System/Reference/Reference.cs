namespace Morgana.Bench;

/// <summary>
/// CC64, the reference of every figure: each octet is copied and summed once on either side, with the 64-bit add-with-carry loop, in
/// segments of 1,460 octets. It is what a stack without any other cost would do, and scales with the machine like a stack does.
/// </summary>
internal static unsafe class Reference
{
    public const int Segment = 1460;

    public const int Slots = 44;        // 64 KB: a window's worth of segments lies between the two sides.

    public const int Slot = 2048;

    public const int Headers = 54;

    private static readonly byte[] s_source = GC.AllocateArray<byte>(Pattern.Length, pinned: true);
    private static readonly byte[] s_wire = GC.AllocateArray<byte>(Slots * Slot, pinned: true);
    private static readonly byte[] s_sink = GC.AllocateArray<byte>(Slots * Slot, pinned: true);

    /// <summary>A way to do it: so many windows from the first array over the second to the third; returns how many segments were wrong.</summary>
    public delegate long Loop(byte* source, byte* wire, byte* sink, long windows);

    /// <summary>Which loop the ratios are made with.</summary>
    public static string Description => NativeLoops.IsAvailable ? "C, -O3, 64-bit add with carry" : "C#, 64-bit add with carry";

    static Reference() => Pattern.Bytes.CopyTo(s_source, 0);

    /// <summary>CC64 in Gbit/s by processor time, over about <paramref name="duration"/>.</summary>
    public static double Cc64(TimeSpan duration) => Measure(NativeLoops.IsAvailable ? NativeLoops.Cc64 : ManagedLoops.Cc64, duration).Value;

    /// <summary>Any of the loops.</summary>
    public static Sample Measure(Loop loop, TimeSpan duration)
    {
        long windows = 0;
        var meter = Meter.Start();
        // The arrays are pinned for good: their addresses stay.
        fixed (byte* source = s_source, wire = s_wire, sink = s_sink)
        {
            do
            {
                long wrong = loop(source, wire, sink, 64);
                if (wrong != 0) throw new InvalidOperationException(wrong < 0 ? "This processor has no AVX2." : "The reference loop has lost an octet.");
                windows += 64;
            }
            while (!meter.IsOver(duration));
        }

        return meter.Stop().Bits((double)windows * Slots * Segment, windows * Slots, "segment");
    }
}

/// <summary>The other ways to do the same, beside the one that everything is compared with.</summary>
internal sealed unsafe class ReferenceBenchmark(string name, Reference.Loop loop) : Benchmark
{
    public override string Name => name;

    public override string Unit => "Gbit/s";

    public override Comparison Comparison => Comparison.Bits;

    public override Sample Measure(TimeSpan duration) => Reference.Measure(loop, duration);
}
