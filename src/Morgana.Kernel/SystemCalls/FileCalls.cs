namespace Morgana.Kernel;

/// <summary>Calls on descriptors and the few names that there are.</summary>
internal static unsafe class FileCalls
{
    private const ulong MostVectors = 1024, MostPolled = 64;
    private const ulong NonBlocking = 0x800;                // O_NONBLOCK, EFD_NONBLOCK
    private const int PathRoom = 128;

    /// <summary>read(2)</summary>
    public static ulong Read(Thread* thread, ulong descriptor, ulong to, ulong count)
    {
        File* file = DescriptorTable.Find(descriptor);
        if (file == null) return Error.BadDescriptor;
        switch (file->Kind)
        {
            case FileKind.Random: return Entropy.FillUser(to, count) ? count : Error.Fault;
            case FileKind.Text: return ReadText(file, to, count);
            case FileKind.PipeReader: return Pipe.Read(thread, file, to, count);
            case FileKind.Event: return ReadEvent(thread, file, to, count);
            case FileKind.Uio: return Uio.Read(thread, file, to, count);
            case FileKind.Console: return Terminal.Read(thread, to, count);
            case FileKind.PipeWriter: return Error.BadDescriptor;
            default: return 0;                              // nothing is in /dev/null
        }
    }

    /// <summary>write(2)</summary>
    public static ulong Write(Thread* thread, ulong descriptor, ulong from, ulong count)
    {
        File* file = DescriptorTable.Find(descriptor);
        if (file == null) return Error.BadDescriptor;
        switch (file->Kind)
        {
            case FileKind.Console: return Terminal.Write(thread, from, count);
            case FileKind.Null: return count;
            case FileKind.Random: return Entropy.MixUser(from, count) ? count : Error.Fault;
            case FileKind.PipeWriter: return Pipe.Write(thread, file, from, count);
            case FileKind.Event: return WriteEvent(file, from, count);
            case FileKind.Uio: return Uio.Write(file, from, count);
            default: return Error.BadDescriptor;
        }
    }

    /// <summary>writev(2)</summary>
    public static ulong Writev(Thread* thread, ulong descriptor, ulong vectors, ulong count)
    {
        if (count > MostVectors) return Error.Invalid;
        ulong* vector = stackalloc ulong[2];
        ulong done = 0;
        for (ulong i = 0; i < count; i++)
        {
            if (!UserMemory.CopyIn(vector, vectors + (i * 16), 16)) return done > 0 ? done : Error.Fault;
            if (vector[1] == 0) continue;
            // Whoever waited now would make the whole call again, and write twice what is written.
            if (done > 0 && MustWait(DescriptorTable.Find(descriptor), vector[1])) return done;
            ulong written = Write(thread, descriptor, vector[0], vector[1]);
            if ((long)written < 0 || thread->State == ThreadState.Blocked) return done > 0 ? done : written;
            done += written;
            if (written < vector[1]) break;
        }

        return done;
    }

    private static bool MustWait(File* file, ulong count) => file->Kind == FileKind.Console ? !Terminal.CanWrite : Pipe.MustWait(file, count);

    /// <summary>pread64(2), of the texts of /proc and /sys.</summary>
    public static ulong Pread64(Thread* thread, ulong descriptor, ulong to, ulong count, ulong offset)
    {
        File* file = DescriptorTable.Find(descriptor);
        if (file == null) return Error.BadDescriptor;
        if (file->Kind != FileKind.Text) return Error.IllegalSeek;
        if (offset >= (ulong)file->Length) return 0;
        ulong n = Bits.Min(count, (ulong)file->Length - offset);
        return UserMemory.CopyOut(to, file->Content + offset, n) ? n : Error.Fault;
    }

    /// <summary>openat(2)</summary>
    public static ulong Openat(Thread* thread, ulong directory, ulong path, ulong flags)
    {
        byte* text = stackalloc byte[PathRoom];
        if (!UserMemory.ReadText(path, text, PathRoom)) return Error.NoEntry;
        ulong descriptor = Paths.Open(text);
        if ((long)descriptor >= 0) DescriptorTable.Find(descriptor)->IsNonBlocking = (flags & NonBlocking) != 0;
        return descriptor;
    }

    /// <summary>close(2)</summary>
    public static ulong Close(Thread* thread, ulong descriptor) => DescriptorTable.Close(descriptor);

    /// <summary>lseek(2)</summary>
    public static ulong Lseek(Thread* thread, ulong descriptor, ulong offset, ulong whence)
    {
        File* file = DescriptorTable.Find(descriptor);
        if (file == null) return Error.BadDescriptor;
        if (file->Kind != FileKind.Text) return Error.IllegalSeek;
        ulong from = whence switch { 0 => 0, 1 => (ulong)file->Position, 2 => (ulong)file->Length, _ => Error.Invalid };
        if (from == Error.Invalid || from + offset > (ulong)file->Length) return Error.Invalid;
        file->Position = (int)(from + offset);
        return (ulong)file->Position;
    }

    /// <summary>fstat(2)</summary>
    public static ulong Fstat(Thread* thread, ulong descriptor, ulong to)
    {
        File* file = DescriptorTable.Find(descriptor);
        return file == null ? Error.BadDescriptor : WriteStatus(to, file);
    }

    /// <summary>stat(2), lstat(2)</summary>
    public static ulong Stat(Thread* thread, ulong path, ulong to)
    {
        byte* text = stackalloc byte[PathRoom];
        if (!UserMemory.ReadText(path, text, PathRoom)) return Error.NoEntry;
        if (Text.Is(text, "/"u8) || Text.Is(text, "."u8)) return WriteStatus(to, null);
        ulong descriptor = Paths.Open(text);
        if ((long)descriptor < 0) return descriptor;
        ulong result = Fstat(thread, descriptor, to);
        DescriptorTable.Close(descriptor);
        return result;
    }

    /// <summary>newfstatat(2): of a descriptor, or of a name.</summary>
    public static ulong Newfstatat(Thread* thread, ulong descriptor, ulong path, ulong to, ulong flags)
    {
        const ulong emptyPath = 0x1000;
        byte* first = stackalloc byte[1];
        if (!UserMemory.CopyIn(first, path, 1)) return Error.Fault;
        return (flags & emptyPath) != 0 && *first == 0 ? Fstat(thread, descriptor, to) : Stat(thread, path, to);
    }

    /// <summary>access(2): there is no file system.</summary>
    public static ulong Access(Thread* thread, ulong path, ulong mode) => Error.NoEntry;

    /// <summary>faccessat(2)</summary>
    public static ulong Faccessat(Thread* thread, ulong directory, ulong path) => Error.NoEntry;

    /// <summary>getcwd(2): the root.</summary>
    public static ulong Getcwd(Thread* thread, ulong to, ulong size)
    {
        if (size < 2) return Error.OutOfRange;
        return UserMemory.CopyOut(to, Literal.Pointer("/\0"u8), 2) ? 2 : Error.Fault;
    }

    /// <summary>readlink(2): /proc/self/exe alone.</summary>
    public static ulong Readlink(Thread* thread, ulong path, ulong to, ulong size)
    {
        byte* text = stackalloc byte[PathRoom];
        if (!UserMemory.ReadText(path, text, PathRoom) || !Text.Is(text, "/proc/self/exe"u8)) return Error.NoEntry;
        ulong length = Bits.Min(size, (ulong)Paths.Program.Length);
        return UserMemory.CopyOut(to, Literal.Pointer(Paths.Program), length) ? length : Error.Fault;
    }

    /// <summary>ioctl(2): nothing here is a terminal.</summary>
    public static ulong Ioctl(Thread* thread) => Error.NotTerminal;

    /// <summary>dup(2)</summary>
    public static ulong Dup(Thread* thread, ulong descriptor)
    {
        File* file = DescriptorTable.Find(descriptor);
        return file == null ? Error.BadDescriptor : DescriptorTable.Open(file, 0);
    }

    /// <summary>dup2(2)</summary>
    public static ulong Dup2(Thread* thread, ulong descriptor, ulong to) => descriptor == to && DescriptorTable.Find(descriptor) != null ? to : Dup3(thread, descriptor, to, 0);

    /// <summary>dup3(2)</summary>
    public static ulong Dup3(Thread* thread, ulong descriptor, ulong to, ulong flags)
    {
        File* file = DescriptorTable.Find(descriptor);
        if (file == null || to >= DescriptorTable.Most) return Error.BadDescriptor;
        if (descriptor == to) return Error.Invalid;
        DescriptorTable.Close(to);
        DescriptorTable.Set(to, file);
        return to;
    }

    /// <summary>fcntl(2): duplicates, and O_NONBLOCK.</summary>
    public static ulong Fcntl(Thread* thread, ulong descriptor, ulong command, ulong argument)
    {
        const ulong duplicate = 0, getFlags = 3, setFlags = 4, duplicateCloseOnExec = 1030;
        File* file = DescriptorTable.Find(descriptor);
        if (file == null) return Error.BadDescriptor;
        switch (command)
        {
            case duplicate or duplicateCloseOnExec: return DescriptorTable.Open(file, argument);
            case getFlags: return 2 | (file->IsNonBlocking ? NonBlocking : 0);
            case setFlags: file->IsNonBlocking = (argument & NonBlocking) != 0; return 0;
            default: return 0;                              // close-on-exec: nothing is ever executed
        }
    }

    /// <summary>pipe2(2)</summary>
    public static ulong Pipe2(Thread* thread, ulong to, ulong flags)
    {
        File* reader = DescriptorTable.Create(FileKind.PipeReader), writer = DescriptorTable.Create(FileKind.PipeWriter);
        if (reader == null || writer == null) return Error.NoMemory;
        reader->Peer = writer;
        writer->Peer = reader;
        reader->IsNonBlocking = writer->IsNonBlocking = (flags & NonBlocking) != 0;
        ulong first = DescriptorTable.Open(reader, 0), second = DescriptorTable.Open(writer, 0);
        if ((long)first < 0 || (long)second < 0)
        {
            if ((long)first >= 0) DescriptorTable.Close(first);
            return Error.TooManyOpen;
        }

        if (UserMemory.Write64(to, first | (second << 32))) return 0;
        DescriptorTable.Close(first);
        DescriptorTable.Close(second);
        return Error.Fault;
    }

    /// <summary>eventfd2(2)</summary>
    public static ulong Eventfd2(Thread* thread, ulong initial, ulong flags)
    {
        File* file = DescriptorTable.Create(FileKind.Event);
        if (file == null) return Error.NoMemory;
        file->Counter = (uint)initial;
        file->IsSemaphore = (flags & 1) != 0;
        file->IsNonBlocking = (flags & NonBlocking) != 0;
        return DescriptorTable.Open(file, 0);
    }

    /// <summary>poll(2): the time limit in milliseconds, negative for none.</summary>
    public static ulong Poll(Thread* thread, ulong items, ulong count, ulong timeout) =>
        PollUntil(thread, items, count, (int)timeout < 0 ? ulong.MaxValue : Clock.Now() + ((uint)timeout * 1_000_000UL));

    /// <summary>ppoll(2). Of the signal mask, which .NET does not pass, nothing is made.</summary>
    public static ulong Ppoll(Thread* thread, ulong items, ulong count, ulong timeout, ulong mask)
    {
        if (mask != 0) return Error.NotImplemented;
        ulong deadline = ulong.MaxValue;
        if (timeout != 0 && TimeCalls.ReadDeadline(timeout, out deadline) is var error && error != 0) return error;
        return PollUntil(thread, items, count, deadline);
    }

    private static ulong PollUntil(Thread* thread, ulong items, ulong count, ulong deadline)
    {
        if (count > MostPolled) return Error.Invalid;
        if (thread->IsRestarting) deadline = thread->Deadline;
        ulong* item = stackalloc ulong[(int)MostPolled];
        if (!UserMemory.CopyIn(item, items, count * 8)) return Error.Fault;
        ulong ready = 0;
        for (ulong i = 0; i < count; i++)
        {
            // struct pollfd: descriptor, events, revents
            short events = (int)item[i] < 0 ? (short)0 : Polling.Events((uint)item[i], (short)(item[i] >> 32));
            if (events != 0) ready++;
            item[i] = (item[i] & 0xffff_ffff_ffff) | ((ulong)(ushort)events << 48);
        }

        if (ready > 0 || deadline <= Clock.Now()) return UserMemory.CopyOut(items, item, count * 8) ? ready : Error.Fault;
        // Nothing is written yet: the call is made again, and answers then.
        Polling.WaitForAny(thread, deadline);
        return 0;
    }

    // struct stat of x86-64. No file is the root directory, which is empty.
    private static ulong WriteStatus(ulong to, File* file)
    {
        const uint character = 0x2000 | 0x1b6, regular = 0x8000 | 0x124, pipe = 0x1000 | 0x180, directory = 0x4000 | 0x16d;
        byte* status = stackalloc byte[144];
        Machine.Zero(status, 144);
        *(ulong*)(status + 8) = (ulong)file >> 12;          // st_ino: files differ
        *(ulong*)(status + 16) = 1;
        FileKind kind = file == null ? FileKind.None : file->Kind;
        *(uint*)(status + 24) = kind switch { FileKind.None => directory, FileKind.Text => regular, FileKind.PipeReader or FileKind.PipeWriter => pipe, _ => character };
        *(ulong*)(status + 48) = kind == FileKind.Text ? (ulong)file->Length : 0;
        *(ulong*)(status + 56) = Pages.Size;
        return UserMemory.CopyOut(to, status, 144) ? 0 : Error.Fault;
    }

    private static ulong ReadText(File* file, ulong to, ulong count)
    {
        ulong n = Bits.Min(count, (ulong)(file->Length - file->Position));
        if (!UserMemory.CopyOut(to, file->Content + file->Position, n)) return Error.Fault;
        file->Position += (int)n;
        return n;
    }

    private static ulong ReadEvent(Thread* thread, File* file, ulong to, ulong count)
    {
        if (count < 8) return Error.Invalid;
        if (file->Counter == 0) return Polling.WaitFor(thread, file);
        ulong value = file->IsSemaphore ? 1 : file->Counter;
        if (!UserMemory.Write64(to, value)) return Error.Fault;
        file->Counter -= value;
        return 8;
    }

    private static ulong WriteEvent(File* file, ulong from, ulong count)
    {
        if (count < 8) return Error.Invalid;
        if (!UserMemory.Read64(from, out ulong value)) return Error.Fault;
        if (value >= ulong.MaxValue - file->Counter) return Error.Again;
        file->Counter += value;
        Polling.Changed(file);
        return 8;
    }
}
