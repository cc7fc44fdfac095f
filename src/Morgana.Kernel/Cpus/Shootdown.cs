namespace Morgana.Kernel;

/// <summary>Makes processors forget what they know of page tables that have changed. Called with the lock held; frames are freed only after it returned.</summary>
internal static unsafe class Shootdown
{
    private const uint Flush = 1, Barrier = 2;

    /// <summary>More pages than this, and forgetting everything is cheaper.</summary>
    private const ulong FewPages = 32;

    /// <summary>Forgets the pages between two addresses, on every processor.</summary>
    public static void Pages(ulong start, ulong end)
    {
        if ((end - start) / Kernel.Pages.Size > FewPages)
        {
            All();
            return;
        }

        for (ulong page = start; page < end; page += Kernel.Pages.Size) Machine.InvalidatePage(page);
        AskOthers(Flush);
    }

    /// <summary>Forgets all of the application's pages, on every processor. The kernel's are global and stay.</summary>
    public static void All()
    {
        Machine.WriteCr3(Machine.ReadCr3());
        AskOthers(Flush);
    }

    /// <summary>Returns once every processor that runs the application has been in the kernel: what membarrier(2) promises.</summary>
    public static void BarrierEverywhere()
    {
        Machine.FullFence();
        AskOthers(Barrier);
    }

    /// <summary>Does what another processor waits for.</summary>
    public static void Serve(Cpu* cpu)
    {
        if (Machine.Load32(&cpu->FlushRequest) == 0) return;
        if ((cpu->FlushRequest & Flush) != 0) Machine.WriteCr3(Machine.ReadCr3());
        Machine.Exchange32(&cpu->FlushRequest, 0);
    }

    // An idle processor is not waited for: it takes the lock before anything else, and serves the request there.
    private static void AskOthers(uint what)
    {
        if (Processors.OnlineCount == 1) return;
        Cpu* own = Processors.Current();
        for (int i = 0; i < Processors.Count; i++)
        {
            Cpu* other = Processors.At(i);
            if (other == own || !other->IsOnline) continue;
            Machine.Exchange32(&other->FlushRequest, other->FlushRequest | what);
            if (!other->IsIdle) LocalApic.Send(other->ApicId, Vectors.Shootdown);
        }

        for (int i = 0; i < Processors.Count; i++)
        {
            Cpu* other = Processors.At(i);
            if (other == own || !other->IsOnline || other->IsIdle) continue;
            while (Machine.Load32(&other->FlushRequest) != 0) Machine.Pause();
        }
    }
}
