// What .NET asks of a kernel, one trial after the other: memory, threads, signals, time. It ends with 0 if all computed what they should.
// `./morgana run samples/Stress -- gc threads` runs some of them; without arguments all of those that end by themselves.
using Stress;

var trials = new Dictionary<string, Action>
{
    ["hello"] = () => Console.WriteLine("Hello"),
    ["gc"] = Memory.Collect,
    ["objects"] = Memory.KeepMany,
    ["exhaust"] = Memory.Exhaust,
    ["threads"] = Threads.StartAndEnd,
    ["pool"] = Threads.UsePool,
    ["locks"] = Threads.Contend,
    ["spin"] = Threads.SuspendSpinning,
    ["vectors"] = Threads.KeepVectorRegisters,
    ["mixed"] = Threads.Mix,
    ["faults"] = Faults.BecomeExceptions,
    ["timers"] = Clocks.FireInOrder,
    ["clock"] = Clocks.AgreeWithEachOther,
    ["random"] = Clocks.RandomDiffers,
};
// These end the program, take long, or are for our own kernel.
var ends = new Dictionary<string, Action>
{
    ["unhandled"] = Faults.ThrowUnhandled,
    ["overflow"] = Faults.OverflowStack,
    ["abort"] = () => Environment.FailFast("as asked"),
    ["devour"] = Memory.Devour,
    ["sleep"] = () => Thread.Sleep(Timeout.Infinite),
    ["protection"] = Protection.HoldsTheLine,
    ["execute"] = Protection.ExecuteData,
    ["storm"] = Threads.Storm,
};

string[] chosen = args.Length > 0 ? args : [.. trials.Keys.Where(k => k != "exhaust")];
foreach (string name in chosen)
{
    if (name.StartsWith("status=", StringComparison.Ordinal)) return int.Parse(name["status=".Length..]);
    if (!trials.TryGetValue(name, out var trial) && !ends.TryGetValue(name, out trial))
    {
        Console.WriteLine($"no trial is called {name}: {string.Join(' ', trials.Keys.Concat(ends.Keys))}");
        return 64;
    }

    try
    {
        trial();
        Console.WriteLine($"{name}: passed");
    }
    catch (TrialFailedException e)
    {
        Console.WriteLine($"{name}: FAILED: {e.Message}");
        return 1;
    }
}

Console.WriteLine("all passed");
return 0;

namespace Stress
{
    internal sealed class TrialFailedException(string message) : Exception(message);

    internal static class Check
    {
        public static void That(bool holds, string what)
        {
            if (!holds) throw new TrialFailedException(what);
        }
    }
}
