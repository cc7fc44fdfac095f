namespace Morgana.Devices.Linux;

/// <summary>A device that is one descriptor, so that several can be waited for together.</summary>
internal interface IDescriptorDevice
{
    /// <summary>The descriptor, readable when a frame waits; -1 once it is closed.</summary>
    int Descriptor { get; }
}
