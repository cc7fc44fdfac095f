using System.Runtime.InteropServices;

namespace Morgana.SystemNative;

/// <summary>What fstat(2) and stat(2) tell .NET: the layout of its platform layer's <c>FileStatus</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FileStatus
{
    /// <summary>1 if <see cref="BirthTime"/> is known.</summary>
    public int Flags;

    /// <summary>Type and permissions, as <c>st_mode</c>.</summary>
    public int Mode;
    public uint Uid;
    public uint Gid;
    public long Size;
    public long AccessTime;
    public long AccessTimeNanoseconds;
    public long ModificationTime;
    public long ModificationTimeNanoseconds;
    public long ChangeTime;
    public long ChangeTimeNanoseconds;
    public long BirthTime;
    public long BirthTimeNanoseconds;
    public long Device;
    public long RealDevice;
    public long Inode;
    public uint UserFlags;

    public const int Directory = 0x4000;
    public const int RegularFile = 0x8000;
    public const int CharacterDevice = 0x2000;
    public const int Socket = 0xC000;
    public const int HasBirthTime = 1;
}
