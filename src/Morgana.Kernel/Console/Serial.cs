namespace Morgana.Kernel;

/// <summary>The first serial line, an 16550 (its data sheet's register names). Output waits for room; input comes by interrupt.</summary>
internal static unsafe class Serial
{
    private const uint Port = 0x3f8, SecondPort = 0x2f8;
    private const uint InterruptEnable = 1, FifoControl = 2, InterruptIdentity = 2, LineControl = 3, ModemControl = 4, LineStatus = 5;
    private const int TransmitEmpty = 0x20;                 // THRE, in LineStatus

    /// <summary>The interrupt line of the port that is listened to: on a PC 4 is the first's and 3 the second's.</summary>
    public static uint Line;

    private static uint s_inputPort;

    /// <summary>The most that <see cref="Room"/> is.</summary>
    public const ulong MostAtOnce = 16;

    // Octets that go out for one look at whether there is room. Each access is a way out of the machine.
    private static ulong s_depth;

    /// <summary>Octets that an empty line takes.</summary>
    public static ulong Room => s_depth;

    /// <summary>Whether all that was written has gone out, or soon will. A line that is not there takes everything.</summary>
    public static bool IsEmpty
    {
        get
        {
            for (int i = 0; i < 64; i++)
            {
                if ((Machine.In8(Port + LineStatus) & TransmitEmpty) != 0) return true;
                Machine.Pause();
            }

            return false;
        }
    }

    public static void Init()
    {
        Init(Port);
        s_depth = (Machine.In8(Port + InterruptIdentity) & 0xc0) == 0xc0 ? MostAtOnce : 1;       // a queue that works
    }

    /// <summary>From now on a received octet interrupts.</summary>
    /// <param name="second">Whether to listen to the second port, where a monitor uses the first for output alone.</param>
    public static void EnableInput(bool second)
    {
        s_inputPort = second ? SecondPort : Port;
        Line = second ? 3U : 4;
        if (second) Init(SecondPort);
        Machine.Out8(s_inputPort + InterruptEnable, 1);
    }

    private static void Init(uint port)
    {
        Machine.Out8(port + InterruptEnable, 0);
        Machine.Out8(port + LineControl, 0x80);             // DLAB: divisor 1, 115200 baud
        Machine.Out8(port, 1);
        Machine.Out8(port + InterruptEnable, 0);
        Machine.Out8(port + LineControl, 3);                // 8 bits, no parity, one stop bit
        Machine.Out8(port + FifoControl, 0xc1);           // queues; an interrupt for 14 octets, or when no more come
        Machine.Out8(port + ModemControl, 0x0b);            // DTR, RTS, and OUT2, which gates the interrupt
    }

    /// <summary>Writes the kernel's own words. The application's are written where it can wait for room: Terminal.cs.</summary>
    public static void Write(byte* from, ulong count)
    {
        while (count > 0)
        {
            // THRE: the queue is empty. A line that is not there answers with ones; one that never drains must not stop the kernel.
            for (int i = 0; i < 1_000_000 && (Machine.In8(Port + LineStatus) & TransmitEmpty) == 0; i++) Machine.Pause();
            ulong n = Bits.Min(count, s_depth);
            Machine.OutString8(Port, from, n);
            from += n;
            count -= n;
        }
    }

    public static bool TryRead(out byte value)
    {
        uint status = Machine.In8(s_inputPort + LineStatus);
        if ((status & 1) == 0 || status == 0xff)
        {
            value = 0;
            return false;
        }

        value = (byte)Machine.In8(s_inputPort);
        return true;
    }
}
