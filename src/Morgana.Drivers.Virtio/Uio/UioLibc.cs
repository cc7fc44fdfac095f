using System.Runtime.InteropServices;

namespace Morgana.Drivers.Virtio;

/// <summary>The one call that the other drivers have no use for.</summary>
internal static unsafe partial class UioLibc
{
    public const int ProtRead = 1, ProtWrite = 2, MapShared = 1;

    public static readonly byte* Failed = (byte*)-1;

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    public static partial byte* Map(void* address, nuint length, int protection, int flags, int descriptor, long offset);
}
