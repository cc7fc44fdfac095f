using System.Runtime.CompilerServices;

namespace Morgana.Kernel;

/// <summary>The one lock: whoever runs the kernel holds it. It is taken once a thread's registers are saved, and given back before the next one's are loaded.</summary>
internal static unsafe class BigLock
{
    private static uint s_held;

    private static uint* Held => (uint*)Unsafe.AsPointer(ref s_held);

    /// <summary>Waits for the lock. Who holds it may wait for this processor's answer to a shoot-down: it is given from here.</summary>
    public static void Enter(Cpu* cpu)
    {
        uint* held = Held;
        while (Machine.Exchange32(held, 1) != 0)
        {
            while (Machine.Load32(held) != 0)
            {
                Shootdown.Serve(cpu);
                Machine.Pause();
            }
        }

        Shootdown.Serve(cpu);
    }

    public static void Leave() => Machine.Exchange32(Held, 0);
}
