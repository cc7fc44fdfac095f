using System.Runtime.CompilerServices;

namespace Morgana.Kernel;

/// <summary>Waiting for files: in a read of one, or in poll(2) of several.</summary>
internal static unsafe class Polling
{
    public const short In = 1, Out = 4, HangUp = 16, Invalid = 32;

    private static ulong s_anyone;

    // What all that poll wait for: any change wakes them, and they look again. A guest has a handful.
    private static void* Anyone => (ulong*)Unsafe.AsPointer(ref s_anyone);

    /// <summary>A file can be read or written now: whoever waits for that makes its call again.</summary>
    public static void Changed(File* file) => ChangedAt(file);

    /// <summary>The same for something behind a file, such as a device.</summary>
    public static void ChangedAt(void* thing)
    {
        Scheduler.WakeAllAt(thing);
        Scheduler.WakeAllAt(Anyone);
    }

    /// <summary>Lets a read or write wait until the file has changed; or says that it would have to.</summary>
    public static ulong WaitFor(Thread* thread, File* file)
    {
        if (file->IsNonBlocking) return Error.Again;
        Scheduler.BlockAndRestart(thread, (ulong)file, ulong.MaxValue);
        return 0;
    }

    /// <summary>Lets a poll wait for any file, until a deadline.</summary>
    public static void WaitForAny(Thread* thread, ulong deadline) => Scheduler.BlockAndRestart(thread, (ulong)Anyone, deadline);

    /// <summary>Which of the wanted events hold now; those that nobody needs to ask for as well.</summary>
    public static short Events(ulong descriptor, short wanted)
    {
        File* file = DescriptorTable.Find(descriptor);
        if (file == null) return Invalid;
        int ready = file->Kind switch
        {
            FileKind.Console => (Terminal.CanRead ? In : 0) | Out,
            FileKind.Event => (file->Counter > 0 ? In : 0) | Out,
            FileKind.PipeReader => (file->Length > 0 ? In : 0) | (file->Peer == null ? HangUp : 0),
            FileKind.PipeWriter => Pipe.CanWrite(file) ? Out : 0,
            FileKind.Uio => Uio.HasInterrupted(file) ? In : 0,
            _ => In | Out,
        };
        return (short)(ready & (wanted | HangUp));
    }
}
