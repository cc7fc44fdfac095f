namespace Morgana.Drivers.Virtio;

/// <summary>A virtio device cannot be used. The message is one line that says why.</summary>
/// <param name="message">Why.</param>
public sealed class VirtioException(string message) : IOException(message);
