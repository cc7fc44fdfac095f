using System.Text;

namespace Morgana.Files;

/// <summary>A name in a directory: 1 to 255 octets without <c>/</c> and NUL. Octets, not characters: two spellings of an accent are two names.</summary>
/// <remarks>A class, as tables and lists are compiled once for all classes, but for each type of values anew; and each image has them.</remarks>
public sealed class FileName : IEquatable<FileName>
{
    /// <summary>Octets in a name, at most.</summary>
    public const int MaxLength = 255;

    private readonly byte[] _octets;

    internal FileName(ReadOnlySpan<byte> octets) => _octets = octets.ToArray();

    /// <summary>No name, as a root has.</summary>
    public static FileName None { get; } = new([]);

    /// <summary>A name of octets that are known to be one.</summary>
    public static FileName From(ReadOnlySpan<byte> octets) => new(octets);

    /// <summary>The octets.</summary>
    public ReadOnlySpan<byte> Octets => _octets;

    /// <summary>Whether it is none.</summary>
    public bool IsEmpty => _octets.Length == 0;

    /// <summary>Whether both are the same.</summary>
    public static bool operator ==(FileName? a, FileName? b) => a is null ? b is null : a.Equals(b);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(FileName? a, FileName? b) => !(a == b);

    /// <inheritdoc/>
    public bool Equals(FileName? other) => other is not null && Octets.SequenceEqual(other.Octets);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is FileName other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Hash(Octets);

    /// <summary>The octets as UTF-8, for people.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Octets);

    /// <summary>Of each process its own, so that nobody can choose names that collide.</summary>
    private static int Hash(ReadOnlySpan<byte> octets)
    {
        var hash = new HashCode();
        hash.AddBytes(octets);
        return hash.ToHashCode();
    }

    /// <summary>Finds names by octets that nobody has copied.</summary>
    internal sealed class Comparer : IEqualityComparer<FileName>, IAlternateEqualityComparer<ReadOnlySpan<byte>, FileName>
    {
        public static Comparer Instance { get; } = new();

        public bool Equals(FileName? x, FileName? y) => x == y;

        public int GetHashCode(FileName obj) => obj.GetHashCode();

        public bool Equals(ReadOnlySpan<byte> alternate, FileName other) => alternate.SequenceEqual(other.Octets);

        public int GetHashCode(ReadOnlySpan<byte> alternate) => Hash(alternate);

        public FileName Create(ReadOnlySpan<byte> alternate) => new(alternate);
    }
}
