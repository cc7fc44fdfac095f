using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Morgana.Files;

namespace Morgana.SystemNative;

/// <summary>What .NET's console looks up of its terminal, as tic(1) would compile it (term(5)): a small table for whatever terminal <c>TERM</c> names, since all that are in use understand it.</summary>
/// <remarks>Sequences are those of ECMA-48; xterm's for what it leaves open.</remarks>
internal static class TerminalFiles
{
    /// <summary>Where .NET looks first.</summary>
    public const string Folder = "/etc/terminfo";

    private const short Magic = 0x11A;
    private const int HeaderSize = 12, Colours = 13, Numbers = Colours + 1, MaxName = 64;

    private static readonly SearchValues<char> s_nameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._+");

    // By their places in term.h of ncurses, which are the format's.
    private static readonly (short Place, string Sequence)[] s_strings =
    [
        (1, "\a"), (5, "\e[H\e[2J"), (10, "\e[%i%p1%d;%p2%dH"), (13, "\e[?25l"), (14, "\b"), (16, "\e[?25h"),
        (55, "\x7f"), (59, "\e[3~"), (61, "\eOB"), (76, "\eOH"), (77, "\e[2~"), (79, "\eOD"), (81, "\e[6~"), (82, "\e[5~"), (83, "\eOC"), (87, "\eOA"), (89, "\e[?1h\e="), (164, "\eOF"),
        (66, "\eOP"), (68, "\eOQ"), (69, "\eOR"), (70, "\eOS"), (71, "\e[15~"), (72, "\e[17~"), (73, "\e[18~"), (74, "\e[19~"), (75, "\e[20~"), (67, "\e[21~"),
        (294, "\e[6n"), (297, "\e[39;49m"),
        // Eight colours, and eight bright ones.
        (359, "\e[%?%p1%{8}%<%t3%p1%d%e9%p1%{8}%-%d%;m"), (360, "\e[%?%p1%{8}%<%t4%p1%d%e10%p1%{8}%-%d%;m"),
    ];

    /// <summary>The file for a terminal of that name; none where it is no terminal that could show more than text.</summary>
    public static bool TryMake(string? name, out string path, out byte[] content)
    {
        (path, content) = ("", []);
        if (name is not { Length: > 0 and <= MaxName } || name == "dumb" || name.AsSpan().ContainsAnyExcept(s_nameCharacters)) return false;
        (path, content) = ($"{name[0]}/{name}", Compile(name));
        return true;
    }

    private static byte[] Compile(string name)
    {
        short places = 0;
        foreach (var (place, _) in s_strings) places = Math.Max(places, (short)(place + 1));
        byte[] names = Encoding.ASCII.GetBytes(name + "\0"), text = Encoding.ASCII.GetBytes(string.Concat(Array.ConvertAll(s_strings, s => s.Sequence + "\0")));
        // Numbers begin at an even place.
        int numbers = (HeaderSize + names.Length + 1) & ~1, offsets = numbers + Numbers * sizeof(short), table = offsets + places * sizeof(short);
        byte[] file = new byte[table + text.Length];
        WriteAll(file, 0, [Magic, (short)names.Length, 0, Numbers, places, (short)text.Length]);
        names.CopyTo(file, HeaderSize);
        // Absent is -1 in two octets: all numbers and strings, until they are known.
        file.AsSpan(numbers, table - numbers).Fill(0xFF);
        WriteAll(file, numbers + (Colours * sizeof(short)), [16]);
        int at = 0;
        foreach (var (place, sequence) in s_strings)
        {
            BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(offsets + place * sizeof(short)), (short)at);
            at += sequence.Length + 1;
        }

        text.CopyTo(file, table);
        return file;
    }

    private static void WriteAll(byte[] file, int at, ReadOnlySpan<short> values)
    {
        foreach (short value in values)
        {
            BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(at), value);
            at += sizeof(short);
        }
    }
}
