using System.Runtime.InteropServices;
using Morgana.Files;

namespace Morgana.SystemNative;

/// <summary>opendir(3), readdir(3), closedir(3).</summary>
/// <remarks>
/// What .NET holds as a <c>DIR*</c> is memory of ours: it points to the open directory, and holds the name that was read last, which is
/// valid until the next is read.
/// </remarks>
internal static unsafe class DirectoryCalls
{
    private const int EndOfDirectory = -1;

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_OpenDir")]
    public static OpenDirectory* OpenDir(byte* path)
    {
        try
        {
            DirectoryStream? stream = null;
            var error = path is null ? Errno.EFAULT : ProgramFiles.Tree.OpenDirectory(FileAnswer.Text(path), out stream);
            if (FileAnswer.Status(error) != 0) return null;
            var opened = (OpenDirectory*)NativeMemory.AllocZeroed((nuint)sizeof(OpenDirectory));
            opened->Stream = GCHandle.ToIntPtr(GCHandle.Alloc(stream));
            return opened;
        }
        catch (Exception e)
        {
            Outcome.Fail(Outcome.Of(e));
            return null;
        }
    }

    /// <returns>0; -1 at the end; an error.</returns>
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_ReadDirR")]
    public static int ReadDirR(OpenDirectory* directory, byte* buffer, int length, PlatformDirectoryEntry* entry) => Read(directory, entry);

    /// <summary>The same as .NET 10 calls it.</summary>
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_ReadDir")]
    public static int ReadDir(OpenDirectory* directory, PlatformDirectoryEntry* entry) => Read(directory, entry);

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_CloseDir")]
    public static int CloseDir(OpenDirectory* directory)
    {
        try
        {
            var handle = GCHandle.FromIntPtr(directory->Stream);
            ((DirectoryStream)handle.Target!).Dispose();
            handle.Free();
            NativeMemory.Free(directory);
            return 0;
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }

    private static int Read(OpenDirectory* directory, PlatformDirectoryEntry* entry)
    {
        try
        {
            *entry = default;
            var stream = (DirectoryStream)GCHandle.FromIntPtr(directory->Stream).Target!;
            if (!stream.TryRead(out var found)) return EndOfDirectory;
            var name = found.Name.Octets;
            name.CopyTo(new(directory->Name, FileName.MaxLength));
            directory->Name[name.Length] = 0;
            // d_type is the upper part of st_mode.
            *entry = new() { Name = directory->Name, NameLength = name.Length, Type = (int)found.Type >> 12 };
            return 0;
        }
        catch (Exception e)
        {
            return Outcome.Of(e).ToErrno();
        }
    }
}

/// <summary>What stands for a <c>DIR</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct OpenDirectory
{
    public nint Stream;
    public fixed byte Name[FileName.MaxLength + 1];
}

/// <summary>An entry as the platform layer gives it: pal_io.h, DirectoryEntry.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PlatformDirectoryEntry
{
    public byte* Name;
    public int NameLength;
    public int Type;
}
