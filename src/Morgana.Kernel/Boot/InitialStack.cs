namespace Morgana.Kernel;

/// <summary>What lies on the stack when a program begins: arguments, environment, and the auxiliary vector (System V ABI for x86-64, 3.4.1; getauxval(3)).</summary>
internal static unsafe class InitialStack
{
    private const ulong Headers = 3, HeaderSize = 4, HeaderCount = 5, PageSize = 6, Entry = 9, UserId = 11, EffectiveUserId = 12, GroupId = 13, EffectiveGroupId = 14;
    private const ulong HardwareCapabilities = 16, ClockTicks = 17, Secure = 23, Random = 25, Name = 31, VdsoAddress = 33;

    /// <summary>Lays it out below <paramref name="top"/>.</summary>
    /// <returns>The first stack pointer.</returns>
    public static ulong Build(CommandLine* commandLine, ulong top, ulong vdso, ulong bias, in ElfImage image)
    {
        byte* random = stackalloc byte[16];
        Entropy.Fill(random, 16);
        ulong position = top - 16;
        Must(UserMemory.CopyOut(position, random, 16));
        ulong randomAddress = position;
        ulong name = PushText(ref position, Literal.Pointer("/application\0"u8));

        ulong* words = stackalloc ulong[CommandLine.MostWords + 48];
        int count = 0;
        words[count++] = (ulong)commandLine->ArgumentCount + 1;
        words[count++] = name;
        for (int i = 0; i < commandLine->ArgumentCount; i++) words[count++] = PushText(ref position, commandLine->Argument(i));
        words[count++] = 0;
        for (int i = 0; i < commandLine->VariableCount; i++) words[count++] = PushText(ref position, commandLine->Variable(i));
        // An emulator does "rep stosb" octet by octet: the C library must not take it for the fast way to clear memory, as it does from 2 KB on.
        if (Features.IsTcg && !HasTunables(commandLine)) words[count++] = PushText(ref position, Literal.Pointer("GLIBC_TUNABLES=glibc.cpu.x86_rep_stosb_threshold=0x7fffffff:glibc.cpu.x86_rep_movsb_threshold=0x7fffffff\0"u8));
        words[count++] = 0;

        uint* registers = stackalloc uint[4];
        Machine.CpuId(1, 0, registers);
        Add(words, ref count, Headers, image.HeadersAddress() + bias);
        Add(words, ref count, HeaderSize, 56);
        Add(words, ref count, HeaderCount, (ulong)image.HeaderCount);
        Add(words, ref count, PageSize, Pages.Size);
        Add(words, ref count, Entry, image.Entry + bias);
        Add(words, ref count, UserId, 0);
        Add(words, ref count, EffectiveUserId, 0);
        Add(words, ref count, GroupId, 0);
        Add(words, ref count, EffectiveGroupId, 0);
        Add(words, ref count, Secure, 0);
        Add(words, ref count, Random, randomAddress);
        Add(words, ref count, HardwareCapabilities, registers[3]);
        Add(words, ref count, ClockTicks, 100);
        Add(words, ref count, Name, name);
        Add(words, ref count, VdsoAddress, vdso);
        Add(words, ref count, 0, 0);

        ulong start = Bits.AlignDown(position - ((ulong)count * 8), 16);
        Must(UserMemory.CopyOut(start, words, (ulong)count * 8));
        return start;
    }

    private static bool HasTunables(CommandLine* commandLine)
    {
        for (int i = 0; i < commandLine->VariableCount; i++)
        {
            if (Text.Begins(commandLine->Variable(i), "GLIBC_TUNABLES="u8)) return true;
        }

        return false;
    }

    private static void Add(ulong* words, ref int count, ulong type, ulong value)
    {
        words[count++] = type;
        words[count++] = value;
    }

    private static ulong PushText(ref ulong position, byte* text)
    {
        ulong length = 1;
        while (text[length - 1] != 0) length++;
        position -= length;
        Must(UserMemory.CopyOut(position, text, length));
        return position;
    }

    private static void Must(bool done)
    {
        if (!done) Panic.Fail("the first stack cannot be written"u8);
    }
}
