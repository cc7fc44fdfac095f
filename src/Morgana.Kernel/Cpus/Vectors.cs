namespace Morgana.Kernel;

/// <summary>What each of the 256 interrupt vectors is for. A higher one goes before a lower.</summary>
internal static class Vectors
{
    public const uint DivideError = 0, Breakpoint = 3, InvalidOpcode = 6, DoubleFault = 8, GeneralProtection = 13, PageFault = 14, Alignment = 17;

    /// <summary>The first that is no exception: devices, in the order they are found.</summary>
    public const uint FirstDevice = 32, LastDevice = 0xdf;

    public const uint Serial = 0xe0, Reschedule = 0xf1, Shootdown = 0xf2, Timer = 0xf3, Spurious = 0xff;

    /// <summary>Not a vector: what Assembly/Entry.S puts in its place for a system call.</summary>
    public const uint SystemCall = 256;
}
