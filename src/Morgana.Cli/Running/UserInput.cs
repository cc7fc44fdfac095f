using System.Runtime.InteropServices;

namespace Morgana.Cli.Running;

/// <summary>What the user types, or what is piped into the command, on its way to a guest.</summary>
internal static class UserInput
{
    private const int StandardInput = 0, BlockSignals = 0, TerminalInputSignal = 21;       // SIG_BLOCK; SIGTTIN of signal(7)
    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(500);

    /// <summary>Takes a piece of the input; it may wait. An <see cref="IOException"/> says that nobody wants more.</summary>
    public delegate void Sink(ReadOnlySpan<byte> octets);

    /// <summary>Reads as long as the command runs, on a thread of its own.</summary>
    /// <param name="take">Gets what comes.</param>
    /// <param name="end">Called after the last octet.</param>
    public static void Forward(Sink take, Action end) => new Thread(() =>
    {
        try
        {
            Copy(take);
            end();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The guest has ended, or does not want to hear any more.
        }
    })
    { IsBackground = true, Name = "input" }.Start();

    /// <remarks>Safety: both buffers live in this frame, and neither call keeps its.</remarks>
    private static unsafe void Copy(Sink take)
    {
        // In the background of a shell reading its terminal would stop us; with the signal blocked it fails instead, and is tried again.
        byte* signals = stackalloc byte[Libc.SignalSetSize];
        new Span<byte>(signals, Libc.SignalSetSize).Clear();
        signals[(TerminalInputSignal - 1) / 8] |= 1 << ((TerminalInputSignal - 1) % 8);
        _ = Libc.MaskSignals(BlockSignals, signals, null);

        byte* buffer = stackalloc byte[4096];
        while (true)
        {
            nint count = Libc.Read(StandardInput, buffer, 4096);
            if (count > 0) take(new ReadOnlySpan<byte>(buffer, (int)count));
            else if (count == 0) return;
            else if (Marshal.GetLastPInvokeError() is Libc.EIo or Libc.EAgain) Thread.Sleep(s_retry);
            else if (Marshal.GetLastPInvokeError() != Libc.EIntr) return;
        }
    }
}
