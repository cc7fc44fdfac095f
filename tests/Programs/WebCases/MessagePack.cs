using System.Buffers.Binary;
using System.Text;

namespace WebCases;

/// <summary>As much of MessagePack as a circuit's calls are made of.</summary>
internal static class MessagePack
{
    /// <summary>A call: its length, and an array of kind, headers, number, name and arguments.</summary>
    public static byte[] Call(string? number, string name, params object?[] arguments)
    {
        List<byte> call = [0x95, 1, 0x80];
        Write(call, number);
        Write(call, name);
        call.Add((byte)(0x90 | arguments.Length));
        foreach (object? argument in arguments) Write(call, argument);
        List<byte> framed = [];
        int length = call.Count;
        for (; length > 0x7F; length >>= 7) framed.Add((byte)(length | 0x80));
        framed.Add((byte)length);
        return [.. framed, .. call];
    }

    /// <summary>All messages in what has come, which holds whole ones.</summary>
    public static IEnumerable<object?[]> Messages(byte[] octets)
    {
        int at = 0;
        while (at < octets.Length)
        {
            while ((octets[at++] & 0x80) != 0)
            {
            }

            yield return (object?[])Read(octets, ref at)!;
        }
    }

    private static void Write(List<byte> to, object? value)
    {
        Span<byte> number = stackalloc byte[8];
        switch (value)
        {
            case null:
                to.Add(0xC0);
                break;
            case bool truth:
                to.Add((byte)(truth ? 0xC3 : 0xC2));
                break;
            case long integer:
                to.Add(0xD3);
                BinaryPrimitives.WriteInt64BigEndian(number, integer);
                to.AddRange(number);
                break;
            case string text:
                byte[] octets = Encoding.UTF8.GetBytes(text);
                to.Add(0xDB);
                BinaryPrimitives.WriteInt32BigEndian(number, octets.Length);
                to.AddRange(number[..4]);
                to.AddRange(octets);
                break;
            default:
                throw new NotSupportedException(value.GetType().Name);
        }
    }

    private static object? Read(byte[] from, ref int at)
    {
        byte kind = from[at++];
        switch (kind)
        {
            case <= 0x7F: return (long)kind;
            case <= 0x8F: return Items(from, ref at, 2 * (kind & 0xF));
            case <= 0x9F: return Items(from, ref at, kind & 0xF);
            case <= 0xBF: return Encoding.UTF8.GetString(Octets(from, ref at, kind & 0x1F));
            case 0xC0: return null;
            case 0xC2: return false;
            case 0xC3: return true;
            case >= 0xC4 and <= 0xC6: return Octets(from, ref at, (int)Number(from, ref at, 1 << (kind - 0xC4)));
            case >= 0xCC and <= 0xCF: return Number(from, ref at, 1 << (kind - 0xCC));
            case >= 0xD0 and <= 0xD3: return Number(from, ref at, 1 << (kind - 0xD0));
            case >= 0xD9 and <= 0xDB: return Encoding.UTF8.GetString(Octets(from, ref at, (int)Number(from, ref at, 1 << (kind - 0xD9))));
            case >= 0xE0: return (long)(sbyte)kind;
            default: throw new NotSupportedException($"{kind:x}");
        }
    }

    private static object?[] Items(byte[] from, ref int at, int count)
    {
        object?[] items = new object?[count];
        for (int i = 0; i < count; i++) items[i] = Read(from, ref at);
        return items;
    }

    private static byte[] Octets(byte[] from, ref int at, int count) => from[at..(at += count)];

    private static long Number(byte[] from, ref int at, int octets)
    {
        long number = 0;
        for (int i = 0; i < octets; i++) number = (number << 8) | from[at++];
        return number;
    }
}
