using System.Runtime.CompilerServices;

namespace Stress;

internal static class Faults
{
    /// <summary>What the processor refuses comes as .NET's exceptions, with a trace.</summary>
    public static void BecomeExceptions()
    {
        for (int i = 0; i < 50; i++)
        {
            Expect<NullReferenceException>(() => Length(null));
            Expect<DivideByZeroException>(() => Divide(1, 0));
            Expect<IndexOutOfRangeException>(() => _ = Item(new int[1], i + 1));
        }
    }

    public static void ThrowUnhandled() => throw new InvalidOperationException("nobody catches this");

    public static void OverflowStack() => Console.WriteLine(Descend(0));

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static int Length(string? text) => text!.Length;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Divide(int a, int b) => a / b;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Item(int[] array, int index) => array[index];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Descend(int depth) => depth < 0 ? 0 : Descend(depth + 1) + 1;

    private static void Expect<T>(Action action) where T : Exception
    {
        try
        {
            action();
        }
        catch (T e)
        {
            Check.That(e.StackTrace?.Length > 0, "an exception has no trace");
            return;
        }

        throw new TrialFailedException($"{typeof(T).Name} did not come");
    }
}
