namespace Morgana.Drivers.Virtio;

/// <summary>A piece of memory as the device knows it.</summary>
/// <param name="Address">The device's address.</param>
/// <param name="Length">Octets.</param>
internal readonly record struct DmaBuffer(ulong Address, int Length);
