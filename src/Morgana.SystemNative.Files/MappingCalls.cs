using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Morgana.Files;

namespace Morgana.SystemNative;

/// <summary>mmap(2) of files of ours: the image's memory, a file's own memory, or a copy. Other mappings are the platform's.</summary>
internal static unsafe class MappingCalls
{
    private const int Read = 1, Write = 2, Shared = 1, Private = 2, Anonymous = 0x10;
    private const int PageSize = 4096;

    /// <summary>How each mapping is flushed and ends, by the address that the program has: two views of one place have the same.</summary>
    private static readonly Dictionary<long, Stack<Ends>> s_mappings = [];

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_MMap")]
    public static byte* MMap(byte* address, ulong length, int protection, int flags, nint descriptor, long offset)
    {
        if ((flags & Anonymous) != 0 || !Descriptors.IsOurs(descriptor)) return RealFiles.MMap(address, length, protection, flags, descriptor, offset);
        try
        {
            var found = Descriptors.Find<FileDescriptor>(descriptor, Error.ENODEV, out var file);
            if (found != Error.Success) Outcome.Fail(found);
            else if (FileAnswer.Status(Map(file!.File, (long)Math.Min(length, long.MaxValue), protection, flags, offset, out byte* mapped)) == 0) return mapped;
        }
        catch (Exception e)
        {
            Outcome.Fail(Outcome.Of(e));
        }

        return null;
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_MUnmap")]
    public static int MUnmap(byte* address, ulong length)
    {
        if (!TryTake((nint)address, out var release)) return RealFiles.MUnmap(address, length);
        try
        {
            release.Dispose();
            return 0;
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }

    // What is shared is the file's own memory; where a file has more than that, it goes there.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_MSync")]
    public static int MSync(byte* address, ulong length, int flags)
    {
        if (!TryFind((nint)address, out var mapping)) return RealFiles.MSync(address, length, flags);
        try
        {
            return FileAnswer.Status(mapping.Flush());
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }

    // .NET asks that it be not inherited; there is nobody who could.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_MAdvise")]
    public static int MAdvise(byte* address, ulong length, int advice) => IsOurs((nint)address) ? 0 : RealFiles.MAdvise(address, length, advice);

    // shm_open(3): a file in a file system of its own. MemoryMappedFile.CreateNew makes its memory so, and removes the name at once.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_ShmOpen")]
    public static nint ShmOpen(byte* name, int flags, int mode)
    {
        try
        {
            return name is null ? FileAnswer.Fail(Errno.EFAULT) : OpenCalls.Open(SharedPath(name), flags | OpenCalls.NoFollow, mode);
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_ShmUnlink")]
    public static int ShmUnlink(byte* name) => FileAnswer.OnPath(name, (nint)name, static (_, n) => ProgramFiles.Tree.Unlink(SharedPath((byte*)n)));

    private static byte[] SharedPath(byte* name) => [.. ProgramFiles.SharedMemory, .. "/"u8, .. FileAnswer.Text(name).TrimStart((byte)'/')];

    private static Errno Map(OpenFile file, long length, int protection, int flags, long offset, out byte* mapped)
    {
        mapped = null;
        if (length <= 0 || offset < 0 || offset % PageSize != 0) return Errno.EINVAL;
        if (offset > long.MaxValue - length) return Errno.EOVERFLOW;
        if (!file.CanRead) return Errno.EACCES;
        bool writes = (protection & Write) != 0, isShared = (flags & Shared) != 0;
        if (isShared && writes && !file.CanWrite) return Errno.EACCES;

        if (!writes && file.TryGetMemory(out var content) && offset + length <= content.Length) return MapContent(content, offset, out mapped);
        if (isShared && file.Map(offset + length, writes, out var shared) is var error && (error != Errno.ENODEV || writes))
            return error == Errno.None ? MapShared(shared!, offset, out mapped) : error;
        return MapCopy(file, offset, length, out mapped);
    }

    // The image's own pages, which nobody writes: where the file begins in one there is no matter, as .NET asks for octets and not for pages.
    private static Errno MapContent(ReadOnlyMemory<byte> content, long offset, out byte* mapped)
    {
        var pin = content.Pin();
        mapped = (byte*)pin.Pointer + offset;
        Add((nint)mapped, new(pin.Dispose));
        return Errno.None;
    }

    private static Errno MapShared(SharedMapping shared, long offset, out byte* mapped)
    {
        mapped = (byte*)shared.Address + offset;
        Add((nint)mapped, new(shared.Dispose, shared.Flush));
        return Errno.None;
    }

    // mmap(2), MAP_PRIVATE: whether later changes of the file are seen is unspecified; here they are not.
    private static Errno MapCopy(OpenFile file, long offset, long length, out byte* mapped)
    {
        mapped = null;
        if (length > int.MaxValue) return Errno.ENOMEM;
        // Pages of the platform's, which it takes back itself: also those that are not unmapped as they were mapped, or twice.
        byte* copy = RealFiles.MMap(null, (ulong)length, Read | Write, Private | Anonymous, -1, 0);
        if (copy is null) return Errno.ENOMEM;
        var octets = new Span<byte>(copy, (int)length);
        int done = 0;
        Errno error;
        int count;
        do
        {
            error = file.ReadAt(offset + done, octets[done..], out count);
            done += count;
        }
        while (error == Errno.None && count > 0 && done < length);

        if (error == Errno.None) mapped = copy;
        else _ = RealFiles.MUnmap(copy, (ulong)length);
        return error;
    }

    private static void Add(nint address, Ends release)
    {
        lock (s_mappings)
        {
            if (!s_mappings.TryGetValue(address, out var releases)) s_mappings.Add(address, releases = new(1));
            releases.Push(release);
        }
    }

    private static bool IsOurs(nint address) => TryFind(address, out _);

    private static bool TryFind(nint address, [NotNullWhen(true)] out Ends? mapping)
    {
        mapping = null;
        lock (s_mappings) return s_mappings.TryGetValue(address, out var all) && all.TryPeek(out mapping);
    }

    private static bool TryTake(nint address, [NotNullWhen(true)] out Ends? release)
    {
        lock (s_mappings)
        {
            release = null;
            if (!s_mappings.TryGetValue(address, out var releases)) return false;
            release = releases.Pop();
            if (releases.Count == 0) s_mappings.Remove(address);
            return true;
        }
    }

    /// <summary>What a mapping is flushed and ended with.</summary>
    private sealed class Ends(Action dispose, Func<Errno>? flush = null)
    {
        public void Dispose() => dispose();

        public Errno Flush() => flush?.Invoke() ?? Errno.None;
    }
}
