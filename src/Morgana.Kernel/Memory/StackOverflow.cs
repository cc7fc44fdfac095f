namespace Morgana.Kernel;

/// <summary>Says plainly when a thread has used up its stack: the fault lies right below it, near where the stack pointer stands.</summary>
internal static unsafe class StackOverflow
{
    private const ulong Near = 64 << 10;

    public static void Report(Thread* thread, ulong address)
    {
        ulong rsp = thread->Frame.Rsp;
        if (address + Near < rsp || rsp + Near < address) return;
        // A thread's stack has a guard below it that may not be touched; below the first thread's there is nothing.
        AreaTable* areas = AddressSpace.Areas;
        int index = areas->FirstEndingAfter(address);
        if (index < areas->Count && areas->At(index)->Protection == Protection.None) index++;
        if (index == areas->Count) return;
        Area* stack = areas->At(index);
        if (stack->Start <= address || stack->Start - address > Near || (stack->Protection & Protection.Write) == 0) return;
        Log.Begin("stack overflow in thread "u8);
        Log.Number((ulong)thread->Id);
        Log.Write(": its "u8);
        Log.Size(stack->End - stack->Start);
        Log.End(" are used up"u8);
    }
}
