using System.Text;

namespace Morgana.Files.Tests.Model;

/// <summary>Calls by a seed, which alone decides what is called: so two sides get the same ones, whatever they answer.</summary>
internal sealed class RandomCalls(int seed, bool absolute, bool isSuperuser = true, bool onlyPlain = false)
{
    private static readonly string[] s_names = ["a", "b", "c", "d", "e", "f", ".", "..", new('n', 255), new('m', 256)];
    private static readonly int[] s_modes = [0, 0x40, 0x80, 0x100, 0x180, 0x1C0, 0x1ED, 0x1FF, 0x3FF, 0x1B6, 0x38, 7];
    private static readonly int[] s_flags = [0, 1, 2, 0x40, 0x41, 0x42, 0xC1, 0xC2, 0x241, 0x242, 0x200, 0x201, 0x441, 0x442, 0x20002, 0x10000, 0x20041];
    private readonly Random _random = new(seed);

    /// <summary>Makes <paramref name="count"/> calls, and tells each with its answer.</summary>
    public List<string> Run(IPosix files, int count)
    {
        List<string> told = new(count);
        for (int i = 0; i < count; i++) told.Add($"{i}: {Step(files)}");
        for (int slot = 0; slot < 8; slot++) told.Add($"close {slot} = {files.Close(slot)}");
        return told;
    }

    /// <summary>One call, told with its answer.</summary>
    public string Step(IPosix files)
    {
        int kind = _random.Next(100);
        return kind switch
        {
            < 42 => Names(files, _random.Next(42)),
            < 60 => Opens(files),
            _ => Content(files, _random.Next(14)),
        };
    }

    private string Opens(IPosix files)
    {
        int slot = Slot(), flags = Pick(s_flags), mode = _random.Next(4) > 0 ? 0x1B6 : Pick(s_modes);
        byte[] path = Path();
        long closed = files.Close(slot);
        return $"open {slot} {Show(path)} 0x{flags:x} 0{Convert.ToString(mode, 8)} = {closed} {files.Open(slot, path, flags, mode)}";
    }

    private string Names(IPosix files, int kind)
    {
        byte[] path = Path(), other = Path();
        int mode = Pick(s_modes);
        long result;
        string text;
        // What a store does not have: links, permissions and times, and directories that are gone but in use.
        if (onlyPlain && kind is (>= 21 and < 27) or (>= 29 and < 37)) return $"{kind} left out";
        Status status;
        switch (kind)
        {
            case < 8:
                return $"mkdir {Show(path)} 0{Convert.ToString(mode | 0x1C0, 8)} = {files.MakeDirectory(path, _random.Next(5) > 0 ? 0x1FF : mode)}";
            case < 11:
                return $"rmdir {Show(path)} = {files.RemoveDirectory(path)}";
            case < 14:
                return $"unlink {Show(path)} = {files.Unlink(path)}";
            case < 21:
                return $"rename {Show(path)} {Show(other)} = {files.Rename(path, other)}";
            case < 24:
                return $"link {Show(path)} {Show(other)} = {files.Link(path, other)}";
            case < 27:
                return $"symlink {Show(path)} {Show(other)} = {files.MakeLink(path, other)}";
            case < 29:
                result = files.ReadLink(path, out text);
                return $"readlink {Show(path)} = {result} {text}";
            case < 31:
                bool follow = _random.Next(2) == 0;
                result = files.StatusOf(path, follow, out status);
                return $"stat {follow} {Show(path)} = {result} {status}";
            case < 33:
                mode = _random.Next(9);
                return $"access {Show(path)} {mode} = {files.Access(path, mode)}";
            case < 35:
                // Mostly one that lets its owner go on.
                return $"chmod {Show(path)} 0{Convert.ToString(mode, 8)} = {files.ChangeMode(path, _random.Next(4) > 0 ? mode | 0x1C0 : mode)}";
            case < 36:
                return $"utimes {Show(path)} = {files.ChangeTime(path, _random.Next(2) == 0, _random.Next(-1000, 1000))}";
            case < 37:
                result = files.ChangeDirectory(path);
                return $"chdir {Show(path)} = {result}";
            case < 38 when absolute:
                result = files.WorkingDirectory(out text);
                return $"getcwd = {result} {text}";
            // The C library asks its way along with readlink(2), which needs other rights than opening does.
            case < 40 when absolute && isSuperuser:
                result = files.RealPath(path, out text);
                return $"realpath {Show(path)} = {result} {text}";
            default:
                result = files.List(path, out text);
                return $"list {Show(path)} = {result} {text}";
        }
    }

    private string Content(IPosix files, int kind)
    {
        int slot = Slot();
        long offset = _random.Next(6) == 0 ? _random.Next(-5, 3) : _random.Next(20000);
        byte[] octets = new byte[_random.Next(4) == 0 ? _random.Next(9000) : _random.Next(40)];
        long result;
        if (onlyPlain && kind is 10 or >= 12) return $"{kind} left out";
        switch (kind)
        {
            case < 3:
                _random.NextBytes(octets);
                return $"write {slot} {octets.Length} = {files.Write(slot, octets)}";
            case < 4:
                _random.NextBytes(octets);
                return $"pwrite {slot} {offset} {octets.Length} = {files.WriteAt(slot, offset, octets)}";
            case < 6:
                result = files.Read(slot, octets);
                return $"read {slot} {octets.Length} = {result} {Digest(octets)}";
            case < 7:
                result = files.ReadAt(slot, offset, octets);
                return $"pread {slot} {offset} {octets.Length} = {result} {Digest(octets)}";
            case < 9:
                int whence = _random.Next(3);
                return $"lseek {slot} {offset} {whence} = {files.Seek(slot, whence == 0 ? offset : offset - 100, whence)}";
            case < 10:
                return $"ftruncate {slot} {offset} = {files.Truncate(slot, offset)}";
            case < 11:
                result = files.StatusOf(slot, out var status);
                return $"fstat {slot} = {result} {status}";
            case < 12:
                int operation = new[] { 1, 2, 8 }[_random.Next(3)] | 4;
                return $"flock {slot} {operation} = {files.Lock(slot, operation)}";
            case < 13:
                return _random.Next(2) == 0
                    ? $"fchmod {slot} = {files.ChangeMode(slot, Pick(s_modes) | 0x180)}"
                    : $"futimens {slot} = {files.ChangeTime(slot, _random.Next(-1000, 1000))}";
            default:
                if (_random.Next(2) == 0) return $"fsync {slot} = {files.Sync(slot)}";
                // Whether it changes the file's time depends on Linux's file system: so it is set.
                result = files.Allocate(slot, offset, octets.Length);
                return $"fallocate {slot} {offset} {octets.Length} = {result} {files.ChangeTime(slot, 777)}";
        }
    }

    private int Slot() => _random.Next(8);

    private T Pick<T>(T[] from) => from[_random.Next(from.Length)];

    /// <summary>Mostly short ones that meet; sometimes what nobody should write.</summary>
    private byte[] Path()
    {
        int odd = _random.Next(60);
        if (odd == 0) return [];
        if (odd == 1) return Encoding.ASCII.GetBytes(new string('p', _random.Next(4090, 4100)));
        var path = new StringBuilder();
        if (absolute && _random.Next(3) == 0) path.Append('/', _random.Next(1, 3));
        int parts = _random.Next(1, 4);
        for (int i = 0; i < parts; i++)
        {
            if (i > 0) path.Append('/', _random.Next(10) == 0 ? 2 : 1);
            // The long names are rare, or nothing would be found.
            path.Append(s_names[_random.Next(12) > 0 ? _random.Next(4) : absolute ? _random.Next(s_names.Length) : _random.Next(6)]);
        }

        if (_random.Next(12) == 0) path.Append('/');
        return Encoding.ASCII.GetBytes(path.ToString());
    }

    private static string Show(byte[] path) => path.Length > 300 ? $"({path.Length} octets)" : Encoding.Latin1.GetString(path).Replace(new('n', 255), "N255").Replace(new('m', 256), "M256");

    private static string Digest(byte[] octets)
    {
        uint hash = 2166136261;
        foreach (byte b in octets) hash = unchecked((hash ^ b) * 16777619);
        return $"{hash:x8}";
    }
}
