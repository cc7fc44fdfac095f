/// <summary>Opening: every mode, access and target; every pair of sharing.</summary>
internal static class OpenCases
{
    private static readonly FileAccess[] s_accesses = [FileAccess.Read, FileAccess.Write, FileAccess.ReadWrite];
    private static readonly FileShare[] s_shares = [FileShare.None, FileShare.Read, FileShare.Write, FileShare.ReadWrite];

    public static void Run()
    {
        foreach (var mode in Enum.GetValues<FileMode>())
            foreach (var access in s_accesses)
                foreach (string target in (string[])["file", "none", "folder", "link", "dangling", "file/below", "none/below"])
                    Cases.Run($"open {mode} {access} {target}", d => Open(d, mode, access, target));

        foreach (var access in s_accesses)
            foreach (var share in s_shares)
                foreach (var second in s_accesses)
                    foreach (var secondShare in s_shares)
                        Cases.Run($"share {access} {share} then {second} {secondShare}", d => Share(d, access, share, second, secondShare));

        foreach (var options in (FileOptions[])[FileOptions.DeleteOnClose, FileOptions.WriteThrough, FileOptions.RandomAccess, FileOptions.SequentialScan, FileOptions.Asynchronous])
            Cases.Run($"options {options}", d =>
            {
                using (var stream = new FileStream($"{d}/a", FileMode.Create, FileAccess.ReadWrite, FileShare.None, 4096, options)) stream.Write("hello"u8);
                return Cases.Tree(d);
            });
        Modes();
    }

    private static string Open(string d, FileMode mode, FileAccess access, string target)
    {
        File.WriteAllText($"{d}/file", "0123456789");
        Directory.CreateDirectory($"{d}/folder");
        File.CreateSymbolicLink($"{d}/link", "file");
        File.CreateSymbolicLink($"{d}/dangling", "made");
        string result = Cases.Try(() =>
        {
            using var stream = new FileStream($"{d}/{target}", mode, access);
            string told = $"at {stream.Position} of {stream.Length} {stream.CanRead} {stream.CanWrite} {stream.CanSeek}";
            if (stream.CanWrite) stream.Write("ab"u8);
            stream.Flush();
            return $"{told} then {stream.Position} {stream.Length}";
        });
        return $"{result}; {Cases.Tree(d)}";
    }

    private static string Share(string d, FileAccess access, FileShare share, FileAccess second, FileShare secondShare)
    {
        File.WriteAllText($"{d}/a", "x");
        using var first = new FileStream($"{d}/a", FileMode.Open, access, share);
        return Cases.Try(() =>
        {
            using var other = new FileStream($"{d}/a", FileMode.Open, second, secondShare);
            return "both";
        });
    }

    private static void Modes()
    {
        foreach (int mode in (int[])[0x1B6, 0x100, 0x180, 0x1FF, 0x9ED])
            Cases.Run($"create with mode 0{Convert.ToString(mode, 8)}", d =>
            {
                using (new FileStream($"{d}/a", new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = (UnixFileMode)(mode & 0x1FF) })) { }
                return File.GetUnixFileMode($"{d}/a");
            });
        Cases.Run("preallocate", d =>
        {
            using var stream = new FileStream($"{d}/a", new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, PreallocationSize = 10000 });
            return stream.Length;
        });
        Cases.Run("preallocate too much", d => Cases.Try(() =>
        {
            using var stream = new FileStream($"{d}/a", new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, PreallocationSize = 1L << 50 });
        }).Split(' ')[0]);
        Cases.Run("append seeks no further back", d =>
        {
            File.WriteAllText($"{d}/a", "0123456789");
            using var stream = new FileStream($"{d}/a", FileMode.Append);
            stream.Write("ab"u8);
            return $"{Cases.Try(() => stream.Seek(5, SeekOrigin.Begin))} {Cases.Try(() => stream.Seek(11, SeekOrigin.Begin))} {Cases.Try(() => stream.SetLength(3))} {stream.Length}";
        });
        Cases.Run("a file that is deleted while it is open", d =>
        {
            using var stream = new FileStream($"{d}/a", FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            stream.Write("hello"u8);
            stream.Flush();
            File.Delete($"{d}/a");
            stream.Position = 1;
            File.WriteAllText($"{d}/a", "other");
            return $"{stream.ReadByte()} {stream.Length} {File.ReadAllText($"{d}/a")}";
        });
        Cases.Run("a second one while the first is locked", d =>
        {
            using var first = new FileStream($"{d}/a", FileMode.Create, FileAccess.ReadWrite, FileShare.None);
            return $"{Cases.Try(() => File.ReadAllText($"{d}/a"))} {Cases.Try(() => File.WriteAllText($"{d}/a", "x"))} {Cases.Try(() => File.Delete($"{d}/a"))} {Cases.Tree(d)}";
        });
    }
}
