namespace Morgana.Kernel;

/// <summary>The interval timer of every PC (Intel 8254), as a reference: channel 0 runs down from 65,536 for ever.</summary>
internal static class Pit
{
    public const ulong Frequency = 1_193_182;
    public const ulong Period = 65_536;

    private const uint Channel0 = 0x40, Command = 0x43;

    public static void Start()
    {
        Machine.Out8(Command, 0x34);            // channel 0, both octets, rate generator
        Machine.Out8(Channel0, 0);
        Machine.Out8(Channel0, 0);
    }

    /// <summary>Ticks since some multiple of the period: it counts up, as one expects.</summary>
    public static ulong Read()
    {
        Machine.Out8(Command, 0);               // latch
        uint low = Machine.In8(Channel0);
        uint count = low | (Machine.In8(Channel0) << 8);
        return (Period - count) & (Period - 1);
    }
}
