namespace Morgana.Kernel;

/// <summary>The end of the machine, and the status it ends with.</summary>
internal static unsafe class Power
{
    /// <summary>The status of a kernel panic.</summary>
    public const int Panicked = 120;

    /// <summary>The status when memory ran out: what a Linux process has that was killed for it, 128 + SIGKILL.</summary>
    public const int OutOfMemory = 137;

    /// <summary>The status when the image or the machine is not fit to start: EX_CONFIG of sysexits.h.</summary>
    public const int Unfit = 78;

    /// <summary>QEMU's debug console: by it the kernel speaks to the runner.</summary>
    public const uint DebugConsole = 0xe9;

    private const uint DebugExit = 0x501;

    /// <summary>Tells the status to the monitor and switches off.</summary>
    /// <remarks>
    /// QEMU's isa-debug-exit makes (status &lt;&lt; 1) | 1 of what is written, of which a process keeps eight bits: enough for 0 to 127. So
    /// the whole status goes to the debug console before, as a line, for the runner that listens there. Other monitors see a reset or a halt.
    /// </remarks>
    public static void Off(int status)
    {
        byte* digits = stackalloc byte[20];
        int count = Text.Decimal((ulong)status, digits);
        for (int i = 0; i < count; i++) Machine.Out8(DebugConsole, digits[i]);
        Machine.Out8(DebugConsole, (byte)'\n');
        Machine.Out8(DebugExit, (uint)status & 0x7f);
        Machine.Out8(0x64, 0xfe);                       // the keyboard controller's reset line
        Machine.TripleFault();
        Machine.HaltForEver();
    }
}
