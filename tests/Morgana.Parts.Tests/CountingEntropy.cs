using Morgana.Devices;

namespace Morgana.Parts.Tests;

/// <summary>Octets that count.</summary>
internal sealed class CountingEntropy : IEntropy
{
    private byte _next;

    public void Fill(Span<byte> destination)
    {
        foreach (ref byte octet in destination) octet = _next++;
    }
}
