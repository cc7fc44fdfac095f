namespace Morgana.Kernel;

/// <summary>Whole pages at once.</summary>
internal static unsafe class Pages
{
    public const ulong Size = 4096;

    public static void Clear(byte* page) => Machine.Zero(page, Size);

    public static void Copy(byte* to, byte* from) => Machine.Copy(to, from, Size);
}
