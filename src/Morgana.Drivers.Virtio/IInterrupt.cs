namespace Morgana.Drivers.Virtio;

/// <summary>How a device says that it has done something.</summary>
internal interface IInterrupt : IDisposable
{
    /// <summary>What becomes readable with the next interrupt; negative where nothing does, as in a model.</summary>
    int Descriptor { get; }

    /// <summary>Takes note of the interrupts so far.</summary>
    void Take();

    /// <summary>Lets a line that was closed by its interrupt speak again.</summary>
    void Open();
}
