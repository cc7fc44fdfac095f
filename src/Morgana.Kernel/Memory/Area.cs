namespace Morgana.Kernel;

/// <summary>What pages of an area may be used for: mmap(2)'s PROT_ values.</summary>
internal enum Protection : byte
{
    None = 0,
    Read = 1,
    Write = 2,
    Execute = 4,
}

/// <summary>What an area is, besides memory.</summary>
internal enum AreaKind : byte
{
    /// <summary>Frames that come when they are touched, and go when they are unmapped.</summary>
    Anonymous,

    /// <summary>A thread's stack, by MAP_STACK: exempt from the check of what is promised.</summary>
    Stack,

    /// <summary>Pages of the image or a device: mapped once, and never freed.</summary>
    Fixed,
}

/// <summary>A piece of the application's addresses, from <see cref="Start"/> up to <see cref="End"/>, whole pages, all alike.</summary>
internal struct Area
{
    public ulong Start;
    public ulong End;
    public Protection Protection;
    public AreaKind Kind;

    public readonly bool IsLike(in Area other) => Protection == other.Protection && Kind == other.Kind;
}
