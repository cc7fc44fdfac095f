using System.Globalization;
using System.Text;

namespace Morgana.Core;

public readonly partial record struct Ipv6Address
{
    /// <inheritdoc/>
    public static string Expected => "an IPv6 address, such as fd00::15";

    /// <summary>Parses the three forms of RFC 4291 2.2: full, with one <c>::</c>, and with a dotted quad at the end. A zone is refused.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Ipv6Address address)
    {
        address = default;
        UInt128 value = 0;
        int groups = 0, gap = -1;
        if (text.StartsWith("::"))
        {
            gap = 0;
            text = text[2..];
        }

        while (!text.IsEmpty)
        {
            if (groups == 8) return false;
            int end = text.IndexOf(':');
            if (end < 0 && text.Contains('.'))
            {
                // The dotted quad stands for the last two groups.
                if (groups > 6 || !Ipv4Address.TryParse(text, out var ipv4)) return false;
                value = (value << 32) | ipv4.Value;
                groups += 2;
                break;
            }

            var digits = end < 0 ? text : text[..end];
            if (digits.Length is 0 or > 4 || !ushort.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort group)) return false;
            value = (value << 16) | group;
            groups++;
            if (end < 0) break;
            text = text[(end + 1)..];
            if (text.IsEmpty) return false;     // A single colon at the end.
            if (text[0] != ':') continue;
            if (gap >= 0) return false;         // A second gap would be ambiguous.
            gap = groups;
            text = text[1..];
        }

        if (gap < 0 ? groups != 8 : groups > 7) return false;
        if (gap >= 0)
        {
            // The groups behind the gap are at the end already; those in front of it move up.
            int behind = 16 * (groups - gap), missing = 16 * (8 - groups);
            var low = behind == 0 ? 0 : value & (UInt128.MaxValue >> (128 - behind));
            var high = behind == 128 ? 0 : value >> behind;
            value = gap == 0 ? low : (high << (behind + missing)) | low;
        }

        address = new((ulong)(value >> 64), (ulong)value);
        return true;
    }

    /// <summary>Parses like <see cref="TryParse(ReadOnlySpan{char}, out Ipv6Address)"/>.</summary>
    /// <exception cref="FormatException">It is no IPv6 address.</exception>
    public static Ipv6Address Parse(string text) => TextValue.Parse<Ipv6Address>(text);

    /// <summary>The canonical text of RFC 5952.</summary>
    public override string ToString()
    {
        // RFC 5952 5: a prefix that is known to hold an IPv4 address shows it as one.
        if (IsIpv4Mapped) return $"::ffff:{new Ipv4Address((uint)Low)}";
        var (gap, length) = FindGap();
        var text = new StringBuilder(39);
        for (int i = 0; i < 8; i++)
        {
            if (i == gap)
            {
                text.Append("::");
                i += length - 1;
                continue;
            }

            if (text.Length > 0 && text[^1] != ':') text.Append(':');
            // RFC 5952 4.1 and 4.3: no leading zeros, lower case.
            text.Append(CultureInfo.InvariantCulture, $"{Group(i):x}");
        }

        return text.ToString();
    }

    private ushort Group(int index) => (ushort)((index < 4 ? High : Low) >> (48 - (16 * (index & 3))));

    /// <summary>RFC 5952 4.2: the longest run of zero groups, the first of equals, and never a single group.</summary>
    private (int Start, int Length) FindGap()
    {
        int best = -1, bestLength = 1, run = 0;
        for (int i = 0; i < 8; i++)
        {
            run = Group(i) == 0 ? run + 1 : 0;
            if (run <= bestLength) continue;
            bestLength = run;
            best = i - run + 1;
        }

        return (best, bestLength);
    }
}
