namespace Morgana.Devices;

/// <summary>Random octets that nobody can foresee. Any thread.</summary>
public interface IEntropy
{
    /// <summary>Fills <paramref name="destination"/>.</summary>
    void Fill(Span<byte> destination);
}
