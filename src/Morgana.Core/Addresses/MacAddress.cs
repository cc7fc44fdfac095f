using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Morgana.Core;

/// <summary>A 48-bit IEEE 802 address.</summary>
/// <param name="Value">The six octets as the low 48 bits, first octet highest.</param>
public readonly record struct MacAddress(ulong Value) : ITextValue<MacAddress>
{
    /// <inheritdoc/>
    public static string Expected => "a MAC address: six hexadecimal pairs, such as 02:00:00:00:00:01";

    /// <summary>Octets on the wire.</summary>
    public const int Size = 6;

    /// <summary>ff:ff:ff:ff:ff:ff.</summary>
    public static MacAddress Broadcast => new(0xFFFF_FFFF_FFFF);

    /// <summary>Whether the group bit is set: broadcast or multicast (IEEE 802 8.2.2).</summary>
    public bool IsGroup => (Value & 0x0100_0000_0000) != 0;

    /// <summary>Whether this is the broadcast address.</summary>
    public bool IsBroadcast => Value == 0xFFFF_FFFF_FFFF;

    /// <summary>Whether it was assigned locally rather than by a manufacturer (IEEE 802 8.2.2).</summary>
    public bool IsLocal => (Value & 0x0200_0000_0000) != 0;

    /// <summary>Reads the first six octets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MacAddress Read(ReadOnlySpan<byte> bytes) =>
        new(((ulong)BinaryPrimitives.ReadUInt32BigEndian(bytes) << 16) | BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]));

    /// <summary>Writes six octets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteTo(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)(Value >> 16));
        BinaryPrimitives.WriteUInt16BigEndian(bytes[4..], (ushort)Value);
    }

    /// <summary>Parses six pairs of hexadecimal digits between colons or hyphens.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out MacAddress address)
    {
        address = default;
        if (text.Length != 17) return false;
        ulong value = 0;
        for (int i = 0; i < 6; i++)
        {
            if (i > 0 && text[(3 * i) - 1] is not (':' or '-')) return false;
            if (!byte.TryParse(text.Slice(3 * i, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte octet)) return false;
            value = (value << 8) | octet;
        }

        address = new(value);
        return true;
    }

    /// <summary>Parses like <see cref="TryParse(ReadOnlySpan{char}, out MacAddress)"/>.</summary>
    /// <exception cref="FormatException">It is no MAC address.</exception>
    public static MacAddress Parse(string text) => TextValue.Parse<MacAddress>(text);

    /// <summary>Lower-case hexadecimal pairs between colons.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{(byte)(Value >> 40):x2}:{(byte)(Value >> 32):x2}:{(byte)(Value >> 24):x2}:{(byte)(Value >> 16):x2}:{(byte)(Value >> 8):x2}:{(byte)Value:x2}");
}
