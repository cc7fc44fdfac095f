namespace Morgana.Files;

/// <summary>What a file is: the type bits of <c>st_mode</c>.</summary>
public enum FileType
{
    /// <summary>Nothing: no such file.</summary>
    None,

    /// <summary>A character device.</summary>
    Device = 0x2000,

    /// <summary>A directory.</summary>
    Directory = 0x4000,

    /// <summary>A regular file.</summary>
    Regular = 0x8000,

    /// <summary>A symbolic link.</summary>
    Link = 0xA000,

    /// <summary>Where a socket of this name is found: it cannot be opened.</summary>
    Socket = 0xC000,
}

/// <summary>What stat(2) tells of a file.</summary>
public readonly record struct FileStatus
{
    /// <summary>What it is.</summary>
    public FileType Type { get; init; }

    /// <summary>Its permission bits, with set-user-ID, set-group-ID and sticky: 07777 at most.</summary>
    public int Permissions { get; init; }

    /// <summary>Whose it is.</summary>
    public uint Uid { get; init; }

    /// <summary>The group whose it is.</summary>
    public uint Gid { get; init; }

    /// <summary>Octets; of a link, those of its target.</summary>
    public long Size { get; init; }

    /// <summary>Names of it.</summary>
    public int Links { get; init; }

    /// <summary>The file system's number.</summary>
    public long Device { get; init; }

    /// <summary>Its own number in there: the same number on the same device is the same file.</summary>
    public long Number { get; init; }

    /// <summary>Last read.</summary>
    public FileTime Accessed { get; init; }

    /// <summary>Content last changed.</summary>
    public FileTime Modified { get; init; }

    /// <summary>Content or status last changed.</summary>
    public FileTime Changed { get; init; }

    /// <summary>Type and permissions as <c>st_mode</c> has them.</summary>
    public int Mode => (int)Type | Permissions;
}

/// <summary>What statfs(2) tells of a file system.</summary>
/// <param name="Type">Its magic number: 0x01021994 for memory.</param>
/// <param name="Octets">All octets that it can hold.</param>
/// <param name="FreeOctets">Those that are free.</param>
/// <param name="Files">All files that it can hold.</param>
/// <param name="FreeFiles">Those that may still be made.</param>
public readonly record struct FileSystemSpace(long Type, long Octets, long FreeOctets, long Files, long FreeFiles);

/// <summary>An entry of a directory.</summary>
/// <param name="Name">Its name there.</param>
/// <param name="Type">What it is.</param>
/// <param name="Number">The file's number.</param>
public readonly record struct DirectoryEntry(FileName Name, FileType Type, long Number);

/// <summary>What is to change of a file's attributes; null stays as it is.</summary>
public readonly record struct AttributeChange
{
    /// <summary>Permission bits.</summary>
    public int? Permissions { get; init; }

    /// <summary>Time of the last read.</summary>
    public FileTime? Accessed { get; init; }

    /// <summary>Time of the last change of its content.</summary>
    public FileTime? Modified { get; init; }
}

/// <summary>How a file is opened: Linux's numbers for x86-64.</summary>
[Flags]
public enum OpenFlags
{
    /// <summary>For reading.</summary>
    ReadOnly = 0,

    /// <summary>For writing.</summary>
    WriteOnly = 1,

    /// <summary>For both.</summary>
    ReadWrite = 2,

    /// <summary>The bits of the three above.</summary>
    AccessMask = 3,

    /// <summary>Made if it is not there.</summary>
    Create = 0x40,

    /// <summary>With <see cref="Create"/>: it must not be there.</summary>
    Exclusive = 0x80,

    /// <summary>Emptied.</summary>
    Truncate = 0x200,

    /// <summary>Each write goes to the end.</summary>
    Append = 0x400,

    /// <summary>It must be a directory.</summary>
    Directory = 0x10000,

    /// <summary>It must not be a symbolic link.</summary>
    NoFollow = 0x20000,

    /// <summary>A write is done when it is stored.</summary>
    Synchronous = 0x101000,
}

/// <summary>What is to be done with a file: the modes of access(2).</summary>
[Flags]
public enum AccessModes
{
    /// <summary>It must be there.</summary>
    Exists = 0,

    /// <summary>Executed, or searched.</summary>
    Execute = 1,

    /// <summary>Written.</summary>
    Write = 2,

    /// <summary>Read.</summary>
    Read = 4,
}
