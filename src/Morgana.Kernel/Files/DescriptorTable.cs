namespace Morgana.Kernel;

/// <summary>The application's descriptors.</summary>
internal static unsafe class DescriptorTable
{
    public const int Most = 256;

    private static Table s_table;

    private struct Table
    {
        public fixed ulong Files[Most];
    }

    /// <summary>Standard input, output and error: the console.</summary>
    public static void Init()
    {
        File* console = Create(FileKind.Console);
        for (int i = 0; i < 3; i++) Open(console, 0);
    }

    /// <summary>A file with nothing that refers to it yet; null when there is no memory.</summary>
    public static File* Create(FileKind kind)
    {
        ulong frame = PhysicalMemory.Tables->TakeZeroed();
        if (frame == FrameAllocator.None) return null;
        var file = (File*)Physical.Pointer(frame);
        file->Kind = kind;
        file->Content = file->Data;
        return file;
    }

    public static File* Find(ulong descriptor) => descriptor < Most ? (File*)s_table.Files[descriptor] : null;

    /// <summary>Gives a file the lowest free descriptor that is at least <paramref name="from"/>. Without one, a file that nobody refers to is freed.</summary>
    public static ulong Open(File* file, ulong from)
    {
        if (file == null) return Error.NoMemory;
        for (ulong i = from; i < Most; i++)
        {
            if (s_table.Files[i] != 0) continue;
            Set(i, file);
            return i;
        }

        if (file->References == 0) Free(file);
        return Error.TooManyOpen;
    }

    public static void Set(ulong descriptor, File* file)
    {
        s_table.Files[descriptor] = (ulong)file;
        file->References++;
    }

    public static ulong Close(ulong descriptor)
    {
        File* file = Find(descriptor);
        if (file == null) return Error.BadDescriptor;
        s_table.Files[descriptor] = 0;
        if (--file->References == 0) Free(file);
        return 0;
    }

    private static void Free(File* file)
    {
        if (file->Peer != null)
        {
            // The other end reads the end of the file, or hears that nobody reads any more.
            file->Peer->Peer = null;
            Polling.Changed(file->Peer);
        }

        for (int i = 0; i < file->ContentPages; i++)
        {
            // It may have been a secret.
            byte* page = file->Content + ((ulong)i * Pages.Size);
            Machine.Zero(page, Pages.Size);
            PhysicalMemory.Frames->Return(Physical.Address(page));
        }

        PhysicalMemory.Frames->Return(Physical.Address(file));
    }
}
