namespace Morgana.Files;

/// <summary>Who uses a <see cref="FileNamespace"/>, and how much of it.</summary>
public sealed record FileNamespaceOptions
{
    /// <summary>The user. 0 may do everything, as on Linux, but write to what is read-only and execute what nobody may.</summary>
    public uint Uid { get; init; }

    /// <summary>The user's group.</summary>
    public uint Gid { get; init; }

    /// <summary>Other groups of the user's.</summary>
    public IReadOnlyList<uint> Groups { get; init; } = [];

    /// <summary>The permissions that new files do not get: umask(2).</summary>
    public int Mask { get; init; } = 0x12;      // 022

    /// <summary>Open files and directories at a time. Beyond it, opening fails with ENFILE.</summary>
    public int MaxOpenFiles { get; init; } = 65536;

    /// <summary>The clock of "now" where a program asks for it.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
