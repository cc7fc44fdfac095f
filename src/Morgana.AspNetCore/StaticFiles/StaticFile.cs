using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using Microsoft.Net.Http.Headers;

namespace Morgana.AspNetCore.StaticFiles;

/// <summary>One file of a site, in every coding that it can be sent in.</summary>
public sealed class StaticFile
{
    /// <summary>Below this, the header of a coding costs more than it saves.</summary>
    private const int LeastCompressed = 256;

    private readonly string _hash;
    private readonly Lazy<Representation>? _brotli;
    private readonly Lazy<Representation>? _gzip;

    /// <summary>A file with this content, which must never change.</summary>
    /// <param name="path">The path below the site's root, with a slash in front; its extension says the content type.</param>
    /// <param name="content">The octets.</param>
    /// <param name="brotli">The same, compressed beforehand; empty if it was not.</param>
    /// <param name="gzip">The same, compressed beforehand; empty if it was not.</param>
    public StaticFile(string path, ReadOnlyMemory<byte> content, ReadOnlyMemory<byte> brotli = default, ReadOnlyMemory<byte> gzip = default)
    {
        Path = path;
        (ContentType, bool isCompressible) = ContentTypes.Of(path);
        _hash = Hash(content.Span);
        Identity = new(null, content, new EntityTagHeaderValue($"\"{_hash}\""));
        if (!isCompressible || content.Length < LeastCompressed) return;
        _brotli = Coding("br", brotli);
        _gzip = Coding("gzip", gzip);
    }

    /// <summary>
    /// Whether what was not compressed beforehand is compressed at first use: <c>MorganaCompression</c> in the project file. Without it an image
    /// contains no compressor, which is half a megabyte.
    /// </summary>
    [FeatureSwitchDefinition("Morgana.Compression")]
    internal static bool IsCompressionSupported => !AppContext.TryGetSwitch("Morgana.Compression", out bool enabled) || enabled;

    /// <summary>The path below the site's root, with a slash in front.</summary>
    public string Path { get; }

    /// <summary>The media type.</summary>
    public string ContentType { get; }

    /// <summary>Whether it comes in more than one coding, so that answers vary with <c>Accept-Encoding</c>.</summary>
    internal bool HasCodings => _brotli is not null || _gzip is not null;

    internal Representation Identity { get; }

    /// <summary>The coding to send to a client that accepts <paramref name="acceptEncoding"/> (RFC 9110 12.5.3).</summary>
    internal Representation Select(IList<StringWithQualityHeaderValue>? acceptEncoding)
    {
        if (!HasCodings || acceptEncoding is not { Count: > 0 }) return Identity;
        double brotli = _brotli is null ? 0 : QualityOf("br", acceptEncoding);
        double gzip = _gzip is null ? 0 : QualityOf("gzip", acceptEncoding);
        var best = brotli > 0 && brotli >= gzip ? _brotli : gzip > 0 ? _gzip : null;
        return best is not null && best.Value.Content.Length < Identity.Content.Length ? best.Value : Identity;
    }

    private static double QualityOf(string coding, IList<StringWithQualityHeaderValue> accepted)
    {
        double any = 0;
        foreach (var value in accepted)
        {
            if (value.Value.Equals(coding, StringComparison.OrdinalIgnoreCase)) return value.Quality ?? 1;
            if (value.Value == "*") any = value.Quality ?? 1;
        }

        return any;
    }

    private Lazy<Representation>? Coding(string coding, ReadOnlyMemory<byte> beforehand)
    {
        if (!beforehand.IsEmpty) return new(Represent(coding, beforehand));
        // At first use: a start that has to compress the whole site would not answer within 100 ms.
        return IsCompressionSupported ? new(() => Represent(coding, Compress(coding))) : null;
    }

    // A strong validator names octets, so every coding has its own (RFC 9110 8.8.1).
    private Representation Represent(string coding, ReadOnlyMemory<byte> content) => new(coding, content, new EntityTagHeaderValue($"\"{_hash}-{coding}\""));

    private byte[] Compress(string coding)
    {
        using var compressed = new MemoryStream();
        using (Stream encoder = coding == "br" ? new BrotliStream(compressed, CompressionLevel.Optimal) : new GZipStream(compressed, CompressionLevel.SmallestSize))
        {
            encoder.Write(Identity.Content.Span);
        }

        return compressed.ToArray();
    }

    /// <summary>FNV-1a of 64 bits and the length: names a version among a few; not meant against someone who makes collisions.</summary>
    private static string Hash(ReadOnlySpan<byte> content)
    {
        ulong hash = 14695981039346656037;
        foreach (byte octet in content) hash = unchecked((hash ^ octet) * 1099511628211);
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{hash:x16}{content.Length:x}");
    }
}

/// <summary>A file in one coding.</summary>
/// <param name="Coding">For <c>Content-Encoding</c>; null for the plain octets.</param>
/// <param name="Content">The octets.</param>
/// <param name="ETag">A strong validator of exactly these octets.</param>
internal sealed record Representation(string? Coding, ReadOnlyMemory<byte> Content, EntityTagHeaderValue ETag);
