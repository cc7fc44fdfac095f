namespace Morgana.Kernel;

/// <summary>A device that is handed to the application whole: registers, memory that it may access, and its interrupt.</summary>
internal unsafe struct UioDevice
{
    public const int MostMaps = 6, DmaMap = MostMaps - 1;

    /// <summary>The virtio device type (virtio 1.2, chapter 5): 1 network, 2 block, 3 console, 4 entropy.</summary>
    public uint Type;

    /// <summary>Registers, piece by piece; the last is the memory for DMA.</summary>
    public fixed ulong Addresses[MostMaps];
    public fixed ulong Sizes[MostMaps];

    /// <summary>Interrupts so far.</summary>
    public ulong Interrupts;

    public uint Vector;

    /// <summary>The line it comes by, if it comes by one.</summary>
    public uint Line;
    public bool IsLevel;
    public bool HasLine;
    public bool IsMasked;

    /// <summary>By PCI, whose devices tell three things more: whether messages are set up, and what is between queues' places of notification.</summary>
    public bool IsPci;
    public bool HasMessages;
    public uint NotifyMultiplier;
}
