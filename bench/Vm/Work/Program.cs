// Work that is nothing but computing, shared out to as many threads as the first argument says: how long it takes shows how many processors
// there are.
using System.Diagnostics;

const int Shares = 64, Rounds = 1_500_000;
int next = 0;
ulong sum = 0;
long started = Stopwatch.GetTimestamp();
var threads = Enumerable.Range(0, int.Parse(args[0])).Select(_ => new Thread(Work)).ToArray();
foreach (var thread in threads) thread.Start();
foreach (var thread in threads) thread.Join();
Console.WriteLine($"worked {Stopwatch.GetElapsedTime(started).TotalMilliseconds:F0} ms, sum {sum}");

void Work()
{
    ulong own = 0;
    for (int share; (share = Interlocked.Increment(ref next)) <= Shares;)
    {
        // xorshift64*, from a seed of the share's own.
        ulong x = (ulong)share * 0x9E3779B97F4A7C15;
        for (int i = 0; i < Rounds; i++)
        {
            x ^= x >> 12;
            x ^= x << 25;
            x ^= x >> 27;
        }

        own += x * 0x2545F4914F6CDD1D;
    }

    Interlocked.Add(ref sum, own);
}
