using System.Runtime.InteropServices;

namespace SandboxProbe;

/// <summary>System calls which a guest has no business with, made directly.</summary>
internal static partial class Attempts
{
    private const nint Unknown = -2;
    private const int ReadWriteExecute = 7, PrivateAnonymous = 0x22, Inet = 2, Stream = 1, ChildSignal = 17;

    /// <summary>Makes the call, and gives the error's number; 0 if it was granted.</summary>
    public static unsafe bool TryGetError(string attempt, out int error)
    {
        fixed (byte* passwd = "/etc/passwd\0"u8)
        fixed (byte* self = "/proc/self/exe\0"u8)
        {
            nint none = 0;
            nint result = attempt switch
            {
                "open" => Call(2, (nint)passwd, 0, 0, 0, 0, 0),
                "openat" => Call(257, -100, (nint)passwd, 0, 0, 0, 0),
                "socket" => Call(41, Inet, Stream, 0, 0, 0, 0),
                "exec" => Call(59, (nint)self, (nint)(&none), (nint)(&none), 0, 0, 0),
                "fork" => Call(57, 0, 0, 0, 0, 0, 0),
                "clone a process" => Call(56, ChildSignal, 0, 0, 0, 0, 0),
                "signal the runner" => Call(62, Call(110, 0, 0, 0, 0, 0, 0), 0, 0, 0, 0, 0),
                "tgkill init" => Call(234, 1, 1, 0, 0, 0, 0),
                "executable memory" => Call(9, 0, 4096, ReadWriteExecute, PrivateAnonymous, -1, 0),
                "ptrace" => Call(101, 0, 0, 0, 0, 0, 0),
                "io_uring" => Call(425, 1, 0, 0, 0, 0, 0),
                "bpf" => Call(321, 0, 0, 0, 0, 0, 0),
                "x32 getpid" => Call(0x40000000 + 39, 0, 0, 0, 0, 0, 0),
                "getpid" => Call(39, 0, 0, 0, 0, 0, 0),
                _ => Unknown,
            };
            error = result == -1 ? Marshal.GetLastSystemError() : 0;
            return result != Unknown;
        }
    }

    /// <summary>Has the collector move and stop everything, as it would in service.</summary>
    public static string Collect()
    {
        var kept = new List<byte[]>();
        for (int i = 0; i < 2000; i++)
        {
            byte[] garbage = new byte[20_000];
            if (i % 100 == 0) kept.Add(garbage);
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        return $"done with {kept.Count}";
    }

    /// <summary>Starts threads and waits for their end.</summary>
    public static async Task<string> StartThreadsAsync()
    {
        var threads = Enumerable.Range(0, 20).Select(_ => new Thread(() => Thread.Sleep(1))).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => GC.KeepAlive(new byte[1000]))));
        return "done";
    }

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint Call(nint number, nint first, nint second, nint third, nint fourth, nint fifth, nint sixth);
}
