namespace Morgana.Files;

/// <summary>How a <see cref="StoreFileSystem"/> is opened.</summary>
public sealed record StoreFileSystemOptions
{
    /// <summary>The octets that the store can hold, keys and 19 for each value counted in: LogStore.Capacity. Writing fails with ENOSPC before they are full.</summary>
    public required long Capacity { get; init; }

    /// <summary>Files, directories and links: their names and attributes are in memory, some 500 octets each. Beyond it, making one fails with ENOSPC.</summary>
    public int MaxFiles { get; init; } = 65536;

    /// <summary>Octets of changes that wait in memory, at most, before they are written down; a sixteenth of the capacity if that is less.</summary>
    public long MaxPending { get; init; } = 1 << 20;

    /// <summary>Octets of files that may be mapped for writing at a time. Beyond it, mapping fails with ENOMEM.</summary>
    public long MaxMapped { get; init; } = 16 << 20;

    /// <summary>How long a change may wait, where nobody flushes it.</summary>
    public TimeSpan CommitAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whose everything is, whoever made it: a disk is one program's, which may have another number where it runs next.</summary>
    public uint Uid { get; init; }

    /// <summary>The group whose everything is.</summary>
    public uint Gid { get; init; }

    /// <summary>The permissions of the root of a new one.</summary>
    public int RootPermissions { get; init; } = 0x1ED;      // 0755

    /// <summary>The clock of the files' times and of <see cref="CommitAfter"/>.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Hears what the store says when it fails, on the thread of the call that it failed.</summary>
    public Action<Exception>? Failed { get; init; }
}
