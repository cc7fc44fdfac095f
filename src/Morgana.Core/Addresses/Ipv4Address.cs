using System.Buffers.Binary;
using System.Globalization;

namespace Morgana.Core;

/// <summary>An IPv4 address (RFC 791).</summary>
/// <param name="Value">The address in host order: 10.0.2.15 is 0x0A00020F.</param>
public readonly record struct Ipv4Address(uint Value) : ITextValue<Ipv4Address>
{
    /// <inheritdoc/>
    public static string Expected => "an IPv4 address: four numbers, such as 10.0.2.15";

    /// <summary>Octets on the wire.</summary>
    public const int Size = 4;

    /// <summary>0.0.0.0: this host on this network (RFC 1122 3.2.1.3).</summary>
    public static Ipv4Address Any => default;

    /// <summary>255.255.255.255: limited broadcast.</summary>
    public static Ipv4Address Broadcast => new(uint.MaxValue);

    /// <summary>127.0.0.1.</summary>
    public static Ipv4Address Loopback => new(0x7F00_0001);

    /// <summary>Whether it lies in 224.0.0.0/4 (RFC 5771).</summary>
    public bool IsMulticast => Value >> 28 == 0xE;

    /// <summary>Whether it lies in 127.0.0.0/8.</summary>
    public bool IsLoopback => Value >> 24 == 127;

    /// <summary>Whether it lies in 169.254.0.0/16 (RFC 3927).</summary>
    public bool IsLinkLocal => Value >> 16 == 0xA9FE;

    /// <summary>The address made of four octets.</summary>
    public static Ipv4Address From(byte a, byte b, byte c, byte d) => new(((uint)a << 24) | ((uint)b << 16) | ((uint)c << 8) | d);

    /// <summary>Reads the first four octets.</summary>
    public static Ipv4Address Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt32BigEndian(bytes));

    /// <summary>Writes four octets.</summary>
    public void WriteTo(Span<byte> bytes) => BinaryPrimitives.WriteUInt32BigEndian(bytes, Value);

    /// <summary>Parses a dotted quad: four decimal numbers without leading zeros (RFC 6943 3.1.1's strict form).</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Ipv4Address address)
    {
        address = default;
        uint value = 0;
        for (int part = 0; part < 4; part++)
        {
            int dot = part < 3 ? text.IndexOf('.') : text.Length;
            if (dot is < 1 or > 3) return false;
            var digits = text[..dot];
            if (digits.Length > 1 && digits[0] == '0') return false;
            if (!byte.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out byte octet)) return false;
            value = (value << 8) | octet;
            text = part < 3 ? text[(dot + 1)..] : default;
        }

        address = new(value);
        return true;
    }

    /// <summary>Parses like <see cref="TryParse(ReadOnlySpan{char}, out Ipv4Address)"/>.</summary>
    /// <exception cref="FormatException">It is no IPv4 address.</exception>
    public static Ipv4Address Parse(string text) => TextValue.Parse<Ipv4Address>(text);

    /// <summary>The dotted quad.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Value >> 24}.{(byte)(Value >> 16)}.{(byte)(Value >> 8)}.{(byte)Value}");
}
