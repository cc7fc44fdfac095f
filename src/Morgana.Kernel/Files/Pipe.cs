namespace Morgana.Kernel;

/// <summary>pipe(7): what is written waits in the reader's page.</summary>
internal static unsafe class Pipe
{
    public static bool CanRead(File* reader) => reader->Length > 0 || reader->Peer == null;

    public static bool CanWrite(File* writer) => writer->Peer == null || writer->Peer->Length < File.DataSize;

    /// <summary>Whether a write of so many octets to a file would have to wait for a pipe's reader.</summary>
    public static bool MustWait(File* file, ulong count) => file->Kind == FileKind.PipeWriter && file->Peer != null && !HasRoom(file->Peer, count);

    public static ulong Read(Thread* thread, File* reader, ulong to, ulong count)
    {
        if (!CanRead(reader)) return Polling.WaitFor(thread, reader);
        ulong done = 0;
        while (done < count && reader->Length > 0)
        {
            int n = (int)Bits.Min(Bits.Min(count - done, (ulong)reader->Length), (ulong)(File.DataSize - reader->Position));
            if (!UserMemory.CopyOut(to + done, reader->Data + reader->Position, (ulong)n)) return done > 0 ? done : Error.Fault;
            reader->Position = (reader->Position + n) % File.DataSize;
            reader->Length -= n;
            done += (ulong)n;
        }

        if (done > 0 && reader->Peer != null) Polling.Changed(reader->Peer);
        return done;
    }

    public static ulong Write(Thread* thread, File* writer, ulong from, ulong count)
    {
        File* reader = writer->Peer;
        if (reader == null)
        {
            Signals.Send(thread, Signals.Pipe);
            return Error.BrokenPipe;
        }

        if (!HasRoom(reader, count)) return Polling.WaitFor(thread, writer);
        ulong room = (ulong)(File.DataSize - reader->Length);
        ulong done = 0;
        while (done < Bits.Min(count, room))
        {
            int end = (reader->Position + reader->Length) % File.DataSize;
            int n = (int)Bits.Min(Bits.Min(count, room) - done, (ulong)(File.DataSize - end));
            if (!UserMemory.CopyIn(reader->Data + end, from + done, (ulong)n)) return done > 0 ? done : Error.Fault;
            reader->Length += n;
            done += (ulong)n;
        }

        if (done > 0) Polling.Changed(reader);
        return done;
    }

    // What fits into a page is written whole or not yet (PIPE_BUF); the page is a little smaller than Linux's.
    private static bool HasRoom(File* reader, ulong count)
    {
        ulong room = (ulong)(File.DataSize - reader->Length);
        return room > 0 && (count > File.DataSize || room >= count);
    }
}
