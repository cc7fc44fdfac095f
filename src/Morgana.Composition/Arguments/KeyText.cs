using System.Diagnostics.CodeAnalysis;

namespace Morgana.Composition;

/// <summary>A public key, a fingerprint or the like: octets as hexadecimal digits or base64. A key that nobody may see is a <see cref="SecretAttribute"/>.</summary>
public sealed class KeyText : IParsable<KeyText>
{
    private KeyText(byte[] octets) => Octets = octets;

    /// <summary>The octets.</summary>
    public ReadOnlyMemory<byte> Octets { get; }

    /// <summary>Parses it.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static KeyText Parse(string s, IFormatProvider? provider = null) => TryParse(s, provider, out var key) ? key : throw new FormatException("expected hexadecimal digits or base64.");

    /// <summary>Parses it: an even number of hexadecimal digits is taken as such, anything else as base64.</summary>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [MaybeNullWhen(false)] out KeyText result)
    {
        result = null;
        if (string.IsNullOrEmpty(s)) return false;
        if (s.Length % 2 == 0 && s.AsSpan().IndexOfAnyExcept("0123456789abcdefABCDEF") < 0)
        {
            result = new(Convert.FromHexString(s));
            return true;
        }

        byte[] octets = new byte[s.Length];
        if (!Convert.TryFromBase64String(s, octets, out int length)) return false;
        result = new(octets[..length]);
        return true;
    }

    /// <summary>Its hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(Octets.Span);
}
