namespace Morgana.Kernel;

/// <summary>The time since the kernel's start in nanoseconds, by the time-stamp counter, and the processors' timers.</summary>
/// <remarks>
/// Under KVM the monitor says how fast the counter runs. Elsewhere it is compared with the interval timer: first while the kernel starts,
/// over less than a millisecond, so that nobody waits for it; then again over longer times, when an error of that first look would show.
/// </remarks>
internal static unsafe class Clock
{
    private const ulong Second = 1_000_000_000;

    /// <summary>The shortest first comparison. Half a millisecond errs by 0.2 percent, where nothing comes between the readings.</summary>
    private const ulong FirstComparison = 500_000;

    /// <summary>The longest: by then an overloaded host has let us read the clocks together once.</summary>
    private const ulong LongestComparison = 20_000_000;

    /// <summary>Counts in which the interval timer cannot have gone round, as no counter is slower than 1 GHz. On a host that let us run so little we begin again.</summary>
    private const ulong SurelyWithinARound = 50_000_000;
    private const int MostBeginnings = 100;

    private const ulong RefinementDelay = 20_000_000;

    private static ClockPage* s_page;
    private static ulong s_startTsc, s_startPit, s_startTimer;
    private static ulong s_startTook;
    private static ulong s_refinement;

    // How much time the counter can tell without erring by half a round of the interval timer.
    private static ulong s_trusted;
    private static ulong s_timerMultiplier;             // timer ticks for each 2^32 nanoseconds
    private static bool s_hasPit;

    /// <summary>When the counter is to be compared again; <see cref="ulong.MaxValue"/> when it need not be.</summary>
    public static ulong NextRefinement;

    /// <summary>The monitor has said how fast the counter runs.</summary>
    public static bool IsTold;

    /// <summary>The frame of the page that the application sees.</summary>
    public static ulong PageFrame;

    /// <summary>Time begins. Before <see cref="Calibrate"/>, it passes at a guess of 1 GHz.</summary>
    public static void Start()
    {
        PageFrame = PhysicalMemory.TakeZeroed();
        s_page = (ClockPage*)Physical.Pointer(PageFrame);
        NextRefinement = ulong.MaxValue;
        s_refinement = 0;
        Pit.Start();
        LocalApic.SetTimer(uint.MaxValue);
        Begin();
        s_page->TscBase = s_startTsc;
        s_page->Multiplier = 1UL << 32;
        // A timer that is not there answers with ones, always.
        s_hasPit = false;
        for (int i = 0; i < 64 && !s_hasPit; i++) s_hasPit = Pit.Read() != s_startPit;
    }

    /// <summary>Finds the speeds of the counter and of the processors' timers.</summary>
    public static void Calibrate()
    {
        ulong multiplier = KvmClock.Multiplier();
        IsTold = multiplier != 0;
        ulong tsc, timer, took, elapsed = 0;
        int beginnings = 0;
        do
        {
            took = ReadTogether(out tsc, out ulong pit, out timer);
            if (IsTold) elapsed = Machine.MultiplyShift32(tsc - s_startTsc, multiplier);
            else if (s_hasPit && tsc - s_startTsc > SurelyWithinARound && beginnings++ < MostBeginnings) Begin();
            else elapsed = ElapsedSinceStart(pit, timer);
        }
        while (elapsed < FirstComparison || (elapsed < LongestComparison && (took + s_startTook) * 100 > tsc - s_startTsc));
        s_timerMultiplier = Machine.ShiftDivide32(s_startTimer - timer, elapsed);
        LocalApic.SetTimer(0);

        if (!IsTold)
        {
            multiplier = Machine.ShiftDivide32(elapsed, tsc - s_startTsc);
            // It is right to one percent, so that two seconds are known to 20 ms.
            s_trusted = 3 * Second / 2;
            if (s_hasPit) NextRefinement = RefinementDelay;
        }

        s_page->Multiplier = multiplier;
        s_page->WallOffset = (WallClock.Read() * Second) - Now();
    }

    /// <summary>Nanoseconds since the kernel's start.</summary>
    public static ulong Now()
    {
        ulong tsc = Machine.ReadTsc();
        return s_page->TimeBase + (tsc > s_page->TscBase ? Machine.MultiplyShift32(tsc - s_page->TscBase, s_page->Multiplier) : 0);
    }

    /// <summary>Nanoseconds since 1970.</summary>
    public static ulong WallNow() => s_page->WallOffset + Now();

    /// <summary>What the wall clock was at time zero.</summary>
    public static ulong WallOffset => s_page->WallOffset;

    /// <summary>Arms this processor's timer.</summary>
    public static void SetTimer(ulong nanoseconds)
    {
        ulong count = Machine.MultiplyShift32(Bits.Min(nanoseconds, Second), s_timerMultiplier);
        LocalApic.SetTimer(count == 0 ? 1u : count > uint.MaxValue ? uint.MaxValue : (uint)count);
    }

    /// <summary>Spins. For starting processors alone, before <see cref="Calibrate"/>.</summary>
    public static void Wait(ulong nanoseconds)
    {
        ReadTogether(out ulong _, out ulong pit, out ulong timer);
        ulong last = pit, ticks = 0, start = timer;
        if (!s_hasPit)
        {
            while (start - LocalApic.TimerCount() < nanoseconds) Machine.Pause();
            return;
        }

        while (ticks * Second / Pit.Frequency < nanoseconds)
        {
            ulong now = Pit.Read();
            ticks += (now - last) & (Pit.Period - 1);
            last = now;
            Machine.Pause();
        }
    }

    /// <summary>Compares the counter with the interval timer over all the time since start, and corrects its speed.</summary>
    public static void Refine()
    {
        ulong took = ReadTogether(out ulong tsc, out ulong pit, out ulong _) + s_startTook;
        // How often the interval timer has gone round is known from the counter, which errs by far less than a round.
        ulong estimate = Machine.MultiplyShift32(tsc - s_startTsc, s_page->Multiplier);
        if (tsc <= s_startTsc || estimate > s_trusted)
        {
            // Too late to be sure, on a host that let nobody look.
            BeginAgain(tsc, pit, took);
            return;
        }

        if (took * 1000 > tsc - s_startTsc)
        {
            // Something came between the readings: a longer time bears it.
            NextRefinement = Now() + RefinementDelay;
            return;
        }

        ulong ticks = (pit - s_startPit) & (Pit.Period - 1);
        ulong expected = MulDiv(estimate, Pit.Frequency, Second) + (Pit.Period / 2);
        // Fewer rounds than none: the two disagree by more than half a round.
        ulong rounds = ticks > expected ? 0 : (expected - ticks) / Pit.Period;
        ulong elapsed = MulDiv((rounds * Pit.Period) + ticks, Second, Pit.Frequency);
        ulong difference = elapsed > estimate ? elapsed - estimate : estimate - elapsed;
        if (difference > estimate / 8)
        {
            // Nothing can be learnt from clocks so far apart.
            BeginAgain(tsc, pit, took);
            return;
        }

        ulong now = Now();
        s_page->Sequence++;
        Machine.FullFence();
        s_page->TimeBase = now;
        s_page->TscBase = tsc;
        s_page->Multiplier = Machine.ShiftDivide32(elapsed, tsc - s_startTsc);
        Machine.FullFence();
        s_page->Sequence++;
        s_refinement++;
        // As far as half of half a round is less than the error of the readings makes.
        s_trusted = Bits.Min(s_trusted * 20, MulDiv(tsc - s_startTsc, Pit.Period / 4 * Second / Pit.Frequency, took == 0 ? 1 : took));
        NextRefinement = s_refinement switch { 1 => now + 180_000_000, 2 => now + (2 * Second), _ => ulong.MaxValue };
    }

    private static void Begin() => s_startTook = ReadTogether(out s_startTsc, out s_startPit, out s_startTimer);

    private static void BeginAgain(ulong tsc, ulong pit, ulong took)
    {
        s_startTook = took > s_startTook ? took - s_startTook : 0;
        s_startTsc = tsc;
        s_startPit = pit;
        NextRefinement = Now() + RefinementDelay;
    }

    private static ulong ElapsedSinceStart(ulong pit, ulong timer) =>
        s_hasPit ? ((pit - s_startPit) & (Pit.Period - 1)) * Second / Pit.Frequency : s_startTimer - timer;

    // The three clocks as of one moment: the quickest of a few readings, as a virtual processor may be stopped in between.
    // Answers how many counts it took.
    private static ulong ReadTogether(out ulong tsc, out ulong pit, out ulong timer)
    {
        ulong best = ulong.MaxValue;
        tsc = pit = timer = 0;
        for (int i = 0; i < 3; i++)
        {
            ulong before = Machine.ReadTsc();
            ulong p = Pit.Read();
            ulong t = LocalApic.TimerCount();
            ulong took = Machine.ReadTsc() - before;
            if (took >= best) continue;
            best = took;
            tsc = before + (took / 2);
            pit = p;
            timer = t;
        }

        return best;
    }

    // a * b / c, for times up to a few hours.
    private static ulong MulDiv(ulong a, ulong b, ulong c) => (a / c * b) + (a % c * b / c);
}
