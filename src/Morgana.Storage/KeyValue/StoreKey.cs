using System.Text;
using Morgana.Core;

namespace Morgana.Storage;

/// <summary>A key of a key-value store: a path of segments, such as <c>site/css/main.css</c>. The root is the empty path.</summary>
/// <remarks>
/// A segment has 1 to 255 octets of UTF-8, and is neither <c>.</c> nor <c>..</c>; it has no <c>/</c> and no control character. A key has at
/// most 1,024 octets and 64 segments. So a key that was made is one that every store can have, and none leads out of a store. Keys are
/// compared octet by octet: no case folding, no Unicode normalization.
/// </remarks>
public readonly struct StoreKey : ITextValue<StoreKey>, IEquatable<StoreKey>, IComparable<StoreKey>
{
    /// <summary>Octets in a segment, at most.</summary>
    public const int MaxSegmentLength = 255;

    /// <summary>Octets in a key, at most.</summary>
    public const int MaxLength = 1024;

    /// <summary>Segments in a key, at most.</summary>
    public const int MaxDepth = 64;

    private readonly string? _path;

    private StoreKey(string path) => _path = path;

    /// <inheritdoc/>
    public static string Expected => "a key: segments between '/', such as site/main.css";

    /// <summary>The empty path: the folder of everything.</summary>
    public static StoreKey Root => default;

    /// <summary>Whether it is the empty path, where no value can be.</summary>
    public bool IsRoot => Path.Length == 0;

    /// <summary>The segments with <c>/</c> between them; empty for the root.</summary>
    public string Path => _path ?? "";

    /// <summary>The last segment; empty for the root.</summary>
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    /// <summary>The key without its last segment; the root's is the root.</summary>
    public StoreKey Parent => Path.LastIndexOf('/') is > 0 and var slash ? new(Path[..slash]) : default;

    /// <summary>How many segments it has.</summary>
    public int Depth => IsRoot ? 0 : Path.AsSpan().Count('/') + 1;

    /// <summary>The segments.</summary>
    public string[] Segments => IsRoot ? [] : Path.Split('/');

    /// <summary>A key from a text that is known to be one. From what a peer or a person has written, use <see cref="TryParse(ReadOnlySpan{char}, out StoreKey)"/>.</summary>
    /// <exception cref="FormatException">It is no key.</exception>
    public static implicit operator StoreKey(string path) => Parse(path);

    /// <summary>The key of an entry below <paramref name="folder"/>: one segment or several.</summary>
    /// <exception cref="FormatException">The name is none, or the key is too long.</exception>
    public static StoreKey operator /(StoreKey folder, string name) => Parse(folder.IsRoot ? name : name.Length == 0 ? folder.Path : $"{folder.Path}/{name}");

    /// <summary>Whether both are the same.</summary>
    public static bool operator ==(StoreKey a, StoreKey b) => a.Equals(b);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(StoreKey a, StoreKey b) => !a.Equals(b);

    /// <summary>Parses a key. There is one spelling for each: no <c>/</c> in front, at the end, or twice.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out StoreKey key)
    {
        key = default;
        if (text.IsEmpty) return true;
        if (text.Length > MaxLength) return false;
        int depth = 0, length = 0;
        foreach (var range in text.Split('/'))
        {
            int octets = CheckSegment(text[range]);
            if (octets < 0) return false;
            length += octets + (depth++ > 0 ? 1 : 0);
        }

        if (depth > MaxDepth || length > MaxLength) return false;
        key = new(text.ToString());
        return true;
    }

    /// <summary>Parses like <see cref="TryParse(ReadOnlySpan{char}, out StoreKey)"/>.</summary>
    /// <exception cref="FormatException">It is no key.</exception>
    public static StoreKey Parse(string text) => TextValue.Parse<StoreKey>(text);

    /// <summary>Whether it is <paramref name="folder"/>, or lies below it.</summary>
    public bool IsIn(StoreKey folder) =>
        folder.IsRoot || (Path.StartsWith(folder.Path, StringComparison.Ordinal) && (Path.Length == folder.Path.Length || Path[folder.Path.Length] == '/'));

    /// <inheritdoc/>
    public bool Equals(StoreKey other) => string.Equals(Path, other.Path, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is StoreKey other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Path.GetHashCode(StringComparison.Ordinal);

    /// <summary>The order of their segments, one after the other: what is below a folder stands together.</summary>
    public int CompareTo(StoreKey other)
    {
        // As if '/' came before every other character, which no segment's character is less than.
        var (a, b) = (Path, other.Path);
        int common = a.AsSpan().CommonPrefixLength(b);
        if (common == a.Length || common == b.Length) return a.Length.CompareTo(b.Length);
        if (a[common] == '/') return -1;
        return b[common] == '/' ? 1 : a[common].CompareTo(b[common]);
    }

    /// <summary>The path; <c>/</c> for the root is not written.</summary>
    public override string ToString() => Path;

    private static int CheckSegment(ReadOnlySpan<char> segment)
    {
        if (segment.IsEmpty || segment is "." or "..") return -1;
        int octets = 0;
        for (int i = 0; i < segment.Length;)
        {
            // A lone surrogate has no UTF-8: two such names could become one on disk.
            if (Rune.DecodeFromUtf16(segment[i..], out var rune, out int taken) != System.Buffers.OperationStatus.Done) return -1;
            if (Rune.IsControl(rune)) return -1;
            octets += rune.Utf8SequenceLength;
            i += taken;
        }

        return octets <= MaxSegmentLength ? octets : -1;
    }
}
