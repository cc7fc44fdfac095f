using System.Runtime.InteropServices;

namespace Morgana.Bench;

/// <summary>reference.c, which is linked into the image; under the JIT it is a library beside the program, if there was a compiler.</summary>
internal static unsafe partial class NativeLoops
{
    public static bool IsAvailable { get; } = Probe();

    /// <summary>Whether the loop with vectors runs here.</summary>
    public static bool HasAvx2 => IsAvailable && CcAvx2(null, null, null, 0) == 0;

    [LibraryImport("morgana_reference", EntryPoint = "morgana_cc64")]
    public static partial long Cc64(byte* source, byte* wire, byte* sink, long windows);

    [LibraryImport("morgana_reference", EntryPoint = "morgana_cc_avx2")]
    public static partial long CcAvx2(byte* source, byte* wire, byte* sink, long windows);

    private static bool Probe()
    {
        try
        {
            return Cc64(null, null, null, 0) == 0;
        }
        catch (DllNotFoundException)
        {
            return false;
        }
    }
}
