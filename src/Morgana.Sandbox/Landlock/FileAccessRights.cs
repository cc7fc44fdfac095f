namespace Morgana.Sandbox;

/// <summary>What may be done below a path. The values are landlock's (landlock(7), "Filesystem actions").</summary>
[Flags]
public enum FileAccessRights : ulong
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>LANDLOCK_ACCESS_FS_EXECUTE.</summary>
    Execute = 1 << 0,

    /// <summary>LANDLOCK_ACCESS_FS_READ_FILE.</summary>
    ReadFile = 1 << 2,

    /// <summary>LANDLOCK_ACCESS_FS_READ_DIR.</summary>
    ReadDirectory = 1 << 3,
}

/// <summary>An exception to "nothing": what may be done with a file, or below a folder.</summary>
/// <param name="Path">The file or folder; one that does not exist is passed over.</param>
/// <param name="Rights">What may be done there.</param>
public readonly record struct PathRule(string Path, FileAccessRights Rights);
