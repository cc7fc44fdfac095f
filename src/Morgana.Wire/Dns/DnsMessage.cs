using System.Buffers.Binary;
using System.Text;
using Morgana.Core;

namespace Morgana.Wire.Dns;

/// <summary>What became of reading an answer.</summary>
public enum DnsParseResult
{
    /// <summary>Well-formed, and an answer to the question.</summary>
    Ok,

    /// <summary>Not well-formed, or not an answer to this question: to be ignored.</summary>
    NotOurs,

    /// <summary>The answer was cut; it is to be asked for again over TCP (RFC 1035 4.2.1, RFC 7766 5).</summary>
    Truncated,

    /// <summary>The name does not exist (RFC 1035 4.1.1, RCODE 3).</summary>
    NoSuchName,

    /// <summary>The server could not answer (any other RCODE).</summary>
    ServerFailure,
}

/// <summary>The part of DNS (RFC 1035) that a stub needs: a question for addresses, and the addresses of the answer.</summary>
public static class DnsMessage
{
    /// <summary>The header's octets.</summary>
    public const int HeaderSize = 12;

    /// <summary>The longest question: header, a name of 255 octets, type and class.</summary>
    public const int MaxQuestion = HeaderSize + 255 + 4;

    /// <summary>An IPv4 address record.</summary>
    public const ushort TypeA = 1;

    /// <summary>An alias.</summary>
    public const ushort TypeCname = 5;

    /// <summary>The name of an address (RFC 1035 3.3.12).</summary>
    public const ushort TypePtr = 12;

    /// <summary>The longest name as text.</summary>
    public const int MaxName = 253;

    /// <summary>An IPv6 address record (RFC 3596).</summary>
    public const ushort TypeAaaa = 28;

    private const ushort ClassInternet = 1;
    private const int MaxAliases = 16;
    private const int MaxPointers = 128;

    /// <summary>Writes a recursive question.</summary>
    /// <returns>Octets written, or 0 if <paramref name="name"/> is no domain name (RFC 1035 2.3.4: labels of 1 to 63 octets, 255 in all).</returns>
    public static int WriteQuestion(Span<byte> message, ushort id, ReadOnlySpan<char> name, ushort type)
    {
        message[..HeaderSize].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(message, id);
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], 0x0100);      // RD: recursion desired.
        BinaryPrimitives.WriteUInt16BigEndian(message[4..], 1);
        int at = HeaderSize;
        if (name.EndsWith(".")) name = name[..^1];
        if (name.IsEmpty) return 0;
        while (true)
        {
            int dot = name.IndexOf('.');
            var label = dot < 0 ? name : name[..dot];
            if (label.Length is 0 or > 63 || at + 1 + label.Length + 1 > HeaderSize + 255) return 0;
            message[at++] = (byte)label.Length;
            foreach (char c in label)
            {
                if (c is <= ' ' or >= (char)127) return 0;
                message[at++] = (byte)c;
            }

            if (dot < 0) break;
            name = name[(dot + 1)..];
        }

        message[at++] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(message[at..], type);
        BinaryPrimitives.WriteUInt16BigEndian(message[(at + 2)..], ClassInternet);
        return at + 4;
    }

    /// <summary>Reads the addresses of an answer to <paramref name="question"/>, following aliases within it.</summary>
    /// <param name="message">The answer, as it came.</param>
    /// <param name="question">The question, as it was sent.</param>
    /// <param name="addresses">Where the addresses go; more than fit are left out.</param>
    /// <param name="count">How many were found.</param>
    public static DnsParseResult ReadAnswer(ReadOnlySpan<byte> message, ReadOnlySpan<byte> question, Span<IpAddress> addresses, out int count)
    {
        count = 0;
        var result = CheckHeader(message, question);
        if (result != DnsParseResult.Ok) return result;
        ushort type = BinaryPrimitives.ReadUInt16BigEndian(question[^4..]);
        return ReadRecords(message, question.Length, type, addresses, ref count, out _) ? DnsParseResult.Ok : DnsParseResult.NotOurs;
    }

    /// <summary>Writes the name under which an address's own name is asked for: its octets backwards (RFC 1035 3.5).</summary>
    /// <returns>How long it is; <paramref name="name"/> has room for 30 characters.</returns>
    public static int WriteReverseName(Ipv4Address address, Span<char> name)
    {
        uint value = address.Value;
        return name.TryWrite($"{(byte)value}.{(byte)(value >> 8)}.{(byte)(value >> 16)}.{value >> 24}.in-addr.arpa", out int length) ? length : 0;
    }

    /// <summary>Reads the name of an answer to a question for <see cref="TypePtr"/>, following aliases within it (RFC 2317 4).</summary>
    /// <param name="message">The answer, as it came.</param>
    /// <param name="question">The question, as it was sent.</param>
    /// <param name="name">Where the name goes: <see cref="MaxName"/> characters.</param>
    /// <param name="length">How long it is; 0 if there is none, or none that a host can have.</param>
    public static DnsParseResult ReadPointer(ReadOnlySpan<byte> message, ReadOnlySpan<byte> question, Span<char> name, out int length)
    {
        length = 0;
        var result = CheckHeader(message, question);
        if (result != DnsParseResult.Ok) return result;
        int count = 0;
        if (!ReadRecords(message, question.Length, TypePtr, [], ref count, out int data)) return DnsParseResult.NotOurs;
        return data < 0 || TryReadName(message, data, name, out length) ? DnsParseResult.Ok : DnsParseResult.NotOurs;
    }

    private static DnsParseResult CheckHeader(ReadOnlySpan<byte> message, ReadOnlySpan<byte> question)
    {
        if (message.Length < question.Length) return DnsParseResult.NotOurs;
        ushort flags = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        // QR must be set, OPCODE be QUERY, and the question be ours to the letter, ID included (RFC 5452 9.1).
        if ((flags & 0xF800) != 0x8000 || !message[..2].SequenceEqual(question[..2])) return DnsParseResult.NotOurs;
        if (BinaryPrimitives.ReadUInt16BigEndian(message[4..]) != 1) return DnsParseResult.NotOurs;
        var asked = question[HeaderSize..];
        if (!Ascii.EqualsIgnoreCase(message.Slice(HeaderSize, asked.Length), asked)) return DnsParseResult.NotOurs;
        if ((flags & 0x0200) != 0) return DnsParseResult.Truncated;
        int rcode = flags & 0xF;
        return rcode switch { 0 => DnsParseResult.Ok, 3 => DnsParseResult.NoSuchName, _ => DnsParseResult.ServerFailure };
    }

    // As text. What a host cannot be called (RFC 952, RFC 1123 2.1; and the underscore that is seen) is left out whole: a caller may print it.
    private static bool TryReadName(ReadOnlySpan<byte> message, int at, Span<char> name, out int length)
    {
        int pointers = 0;
        length = 0;
        for (int labels = 0; labels < 128; labels++)
        {
            if (!NextLabel(message, ref at, ref pointers, out var label)) return false;
            if (label.IsEmpty) return true;
            if (length + (length > 0 ? 1 : 0) + label.Length > name.Length) return false;
            if (length > 0) name[length++] = '.';
            foreach (byte c in label)
            {
                if (!char.IsAsciiLetterOrDigit((char)c) && c is not ((byte)'-' or (byte)'_'))
                {
                    length = 0;
                    return true;
                }

                name[length++] = (char)c;
            }
        }

        return false;
    }

    /// <param name="message">The answer.</param>
    /// <param name="start">Where its records begin.</param>
    /// <param name="type">Which are wanted.</param>
    /// <param name="addresses">Where addresses go.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="pointer">Where the first name is that an address has; -1 if there is none.</param>
    private static bool ReadRecords(ReadOnlySpan<byte> message, int start, ushort type, Span<IpAddress> addresses, ref int count, out int pointer)
    {
        int answers = BinaryPrimitives.ReadUInt16BigEndian(message[6..]);
        int owner = HeaderSize;         // The name that the next record must belong to: first the question's.
        pointer = -1;
        // Aliases may stand behind the records they lead to, so we pass over the answers again after each alias followed.
        for (int aliases = 0; aliases <= MaxAliases; aliases++)
        {
            int at = start, alias = -1;
            for (int i = 0; i < answers; i++)
            {
                int name = at;
                if (!SkipName(message, ref at) || message.Length - at < 10) return false;
                ushort recordType = BinaryPrimitives.ReadUInt16BigEndian(message[at..]);
                ushort recordClass = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 2)..]);
                int length = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 8)..]);
                at += 10;
                if (message.Length - at < length) return false;
                if (recordClass == ClassInternet && NamesEqual(message, name, owner))
                {
                    if (recordType == TypeCname) alias = at;
                    else if (recordType == type && type == TypePtr) pointer = pointer < 0 ? at : pointer;
                    else if (recordType == type && length == (type == TypeA ? 4 : 16) && count < addresses.Length)
                        addresses[count++] = type == TypeA ? Ipv4Address.Read(message[at..]) : Ipv6Address.Read(message[at..]);
                }

                at += length;
            }

            if (count > 0 || pointer >= 0 || alias < 0) return true;
            owner = alias;
        }

        return false;
    }

    private static bool SkipName(ReadOnlySpan<byte> message, ref int at)
    {
        while (at < message.Length)
        {
            int length = message[at++];
            if (length == 0) return true;
            if (length >= 0xC0)
            {
                at++;
                return at <= message.Length;
            }

            if (length > 63) return false;      // RFC 1035 4.1.4: 01 and 10 are reserved.
            at += length;
        }

        return false;
    }

    private static bool NamesEqual(ReadOnlySpan<byte> message, int a, int b)
    {
        // A name of 255 octets has at most 127 labels; a walk that is longer goes in circles through a pointer (RFC 1035 2.3.4).
        int pointers = 0;
        for (int labels = 0; labels < 128; labels++)
        {
            if (!NextLabel(message, ref a, ref pointers, out var x) || !NextLabel(message, ref b, ref pointers, out var y)) return false;
            if (!Ascii.EqualsIgnoreCase(x, y)) return false;
            if (x.IsEmpty) return true;
        }

        return false;
    }

    private static bool NextLabel(ReadOnlySpan<byte> message, ref int at, ref int pointers, out ReadOnlySpan<byte> label)
    {
        label = default;
        while (at < message.Length)
        {
            int length = message[at];
            if (length >= 0xC0)
            {
                // One for each label is more than anybody needs; thousands in a row cost our time, for each record that points at them.
                if (at + 1 >= message.Length || ++pointers > 2 * MaxPointers) return false;
                int target = ((length & 0x3F) << 8) | message[at + 1];
                if (target >= at) return false;         // Pointers lead back, so that no walk is endless (RFC 1035 4.1.4: "a prior occurrence").
                at = target;
                continue;
            }

            if (length > 63 || at + 1 + length > message.Length) return false;
            label = message.Slice(at + 1, length);
            at += 1 + length;
            return true;
        }

        return false;
    }
}
