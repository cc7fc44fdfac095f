namespace Morgana.Kernel;

/// <summary>Says plainly when a thread has used up its stack: the fault lies in the guard below it, near where the stack pointer stands.</summary>
internal static unsafe class StackOverflow
{
    private const ulong Near = 64 << 10;

    public static void Report(Thread* thread, ulong address)
    {
        ulong rsp = thread->Frame.Rsp;
        if (address + Near < rsp || rsp + Near < address) return;
        Area* guard = AddressSpace.Areas->Find(address);
        if (guard == null || guard->Protection != Protection.None) return;
        Area* above = AddressSpace.Areas->Find(guard->End);
        if (above == null || (above->Protection & Protection.Write) == 0) return;
        Log.Begin("stack overflow in thread "u8);
        Log.Number((ulong)thread->Id);
        Log.Write(": its "u8);
        Log.Size(above->End - above->Start);
        Log.End(" are used up"u8);
    }
}
