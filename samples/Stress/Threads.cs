using System.Runtime.Intrinsics;

namespace Stress;

internal static class Threads
{
    public static void StartAndEnd()
    {
        int ran = 0;
        for (int round = 0; round < 20; round++)
        {
            var threads = Enumerable.Range(0, 20).Select(_ => new Thread(() => Interlocked.Increment(ref ran))).ToArray();
            foreach (var thread in threads) thread.Start();
            foreach (var thread in threads) thread.Join();
        }

        Check.That(ran == 400, $"{ran} of 400 threads ran");
    }

    /// <summary>A million threads begin and end, some at a time.</summary>
    public static void Storm()
    {
        const int rounds = 50_000, atOnce = 20;
        int ran = 0;
        for (int round = 0; round < rounds; round++)
        {
            var threads = new Thread[atOnce];
            for (int i = 0; i < atOnce; i++) (threads[i] = new Thread(() => Interlocked.Increment(ref ran), 256 * 1024)).Start();
            foreach (var thread in threads) thread.Join();
            if (round % 5_000 == 0) Console.WriteLine($"storm: {round * atOnce} threads");
        }

        Check.That(ran == rounds * atOnce, $"{ran} of {rounds * atOnce} threads ran");
    }

    public static void UsePool()
    {
        long sum = 0;
        Task.WaitAll(Enumerable.Range(1, 500).Select(i => Task.Run(async () =>
        {
            await Task.Yield();
            Interlocked.Add(ref sum, i);
        })).ToArray());
        Check.That(sum == 500 * 501 / 2, "tasks are missing");
    }

    public static void Contend()
    {
        int count = 0;
        object gate = new();
        var threads = Enumerable.Range(0, 6).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < 5000; i++) lock (gate) count++;
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        Check.That(count == 30_000, $"{count} of 30000 increments under a lock");
    }

    /// <summary>The collector stops threads that never look whether they should.</summary>
    public static void SuspendSpinning()
    {
        bool stop = false;
        ulong[] counts = new ulong[3];
        var threads = Enumerable.Range(0, counts.Length).Select(n => new Thread(() =>
        {
            ulong local = 0;
            while (!Volatile.Read(ref stop)) local++;
            counts[n] = local;
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        for (int i = 0; i < 10; i++)
        {
            GC.Collect();
            Thread.Sleep(1);
        }

        Volatile.Write(ref stop, true);
        foreach (var thread in threads) thread.Join();
        Check.That(counts.All(c => c > 0), "a thread did not run");
    }

    /// <summary>Vector registers survive being interrupted, switched and collected under.</summary>
    public static void KeepVectorRegisters()
    {
        var threads = Enumerable.Range(1, 6).Select(n => new Thread(() =>
        {
            var step = Vector256.Create((double)n);
            for (int round = 0; round < 20; round++)
            {
                var sum = Vector256<double>.Zero;
                for (int i = 0; i < 20_000; i++) sum += step;
                if (sum != Vector256.Create(20_000.0 * n)) s_isDamaged = true;
                if (n == 1) _ = new byte[50_000];
            }
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        Check.That(!s_isDamaged, "a vector register was damaged");
    }

    /// <summary>All at once: computing, allocating, faulting and sleeping threads, each of which checks itself.</summary>
    public static void Mix()
    {
        const int each = 6;
        int finished = 0;
        var threads = new List<Thread>();
        for (int n = 0; n < each; n++)
        {
            int seed = n;
            threads.Add(new Thread(() => { Compute(seed); Interlocked.Increment(ref finished); }));
            threads.Add(new Thread(() => { Allocate(seed); Interlocked.Increment(ref finished); }));
            threads.Add(new Thread(() => { Throw(seed); Interlocked.Increment(ref finished); }));
            threads.Add(new Thread(() => { for (int i = 0; i < 30; i++) Thread.Sleep(1); Interlocked.Increment(ref finished); }));
        }

        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        Check.That(finished == each * 4, $"{finished} of {each * 4} threads finished");
        Check.That(!s_isDamaged, "a computation went wrong");
    }

    private static bool s_isDamaged;

    private static void Compute(int seed)
    {
        ulong Run()
        {
            ulong x = (ulong)seed + 1;
            double d = seed;
            for (int i = 0; i < 300_000; i++)
            {
                x ^= x << 13; x ^= x >> 7; x ^= x << 17;
                d += 0.5;
            }

            return x ^ BitConverter.DoubleToUInt64Bits(d);
        }

        ulong first = Run();
        for (int i = 0; i < 4; i++) s_isDamaged |= Run() != first;
    }

    private static void Allocate(int seed)
    {
        var list = new List<int[]>();
        for (int i = 0; i < 3000; i++)
        {
            list.Add([seed, i, seed ^ i]);
            if (list.Count > 200) list.RemoveAt(0);
        }

        s_isDamaged |= list.Any(a => (a[0] ^ a[1]) != a[2]);
    }

    private static void Throw(int seed)
    {
        for (int i = 0; i < 100; i++)
        {
            try
            {
                _ = Faults.Length(null) + seed;
                s_isDamaged = true;
            }
            catch (NullReferenceException)
            {
            }
        }
    }
}
