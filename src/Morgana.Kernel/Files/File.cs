using System.Runtime.InteropServices;

namespace Morgana.Kernel;

internal enum FileKind : byte
{
    None,
    Console,
    Null,
    Random,

    /// <summary>Text that was made when it was opened: /proc and /sys.</summary>
    Text,
    PipeReader,
    PipeWriter,

    /// <summary>eventfd(2).</summary>
    Event,

    /// <summary>A device of the user-space I/O contract: Uio/Uio.cs.</summary>
    Uio,
}

/// <summary>What a descriptor refers to, in a page of its own: a guest has few, and none needs an allocator.</summary>
[StructLayout(LayoutKind.Explicit, Size = 4096)]
internal unsafe struct File
{
    public const int DataOffset = 64, DataSize = 4096 - DataOffset;

    /// <summary>A text's octets: <see cref="Data"/>, or pages of its own.</summary>
    [FieldOffset(40)] public byte* Content;
    [FieldOffset(48)] public int ContentPages;

    [FieldOffset(0)] public FileKind Kind;

    /// <summary>O_NONBLOCK.</summary>
    [FieldOffset(1)] public bool IsNonBlocking;

    /// <summary>EFD_SEMAPHORE.</summary>
    [FieldOffset(2)] public bool IsSemaphore;

    /// <summary>Descriptors that refer to it.</summary>
    [FieldOffset(4)] public int References;

    /// <summary>A text's or a pipe's: where the next read begins, and how much there is.</summary>
    [FieldOffset(8)] public int Position;
    [FieldOffset(12)] public int Length;

    /// <summary>A pipe's other end, or null once that is closed.</summary>
    [FieldOffset(16)] public File* Peer;

    /// <summary>An event's counter; or how many interrupts the reader of a device has seen.</summary>
    [FieldOffset(24)] public ulong Counter;

    [FieldOffset(32)] public UioDevice* Device;
    [FieldOffset(DataOffset)] public fixed byte Data[DataSize];
}
