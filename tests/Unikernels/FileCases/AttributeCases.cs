/// <summary>Times, attributes, permissions, links, and names that nobody should use.</summary>
internal static class AttributeCases
{
    private static readonly DateTime[] s_times = [new(1, 1, 1, 0, 0, 0, DateTimeKind.Utc), new(1969, 12, 31, 23, 59, 58, DateTimeKind.Utc), DateTime.UnixEpoch, new(2024, 2, 29, 1, 2, 3, 456, DateTimeKind.Utc), new DateTime(2024, 2, 29, 0, 0, 0, DateTimeKind.Utc).AddTicks(1)];

    public static void Run()
    {
        foreach (string target in (string[])["file", "folder", "link", "none", "dangling"])
        {
            foreach (var time in s_times.Skip(1)) Cases.Run($"write time of {target} {time:O}", d => Prepare(d, () => $"{Cases.Try(() => File.SetLastWriteTimeUtc($"{d}/{target}", time))} {File.GetLastWriteTimeUtc($"{d}/{target}"):O}"));
            Cases.Run($"access time of {target}", d => Prepare(d, () => $"{Cases.Try(() => File.SetLastAccessTimeUtc($"{d}/{target}", s_times[3]))} {File.GetLastAccessTimeUtc($"{d}/{target}"):O}"));
            Cases.Run($"creation time of {target}", d => Prepare(d, () => Cases.Try(() => File.SetCreationTimeUtc($"{d}/{target}", s_times[3]))));
            Cases.Run($"attributes of {target}", d => Prepare(d, () => Cases.Try(() => File.GetAttributes($"{d}/{target}"))));
            foreach (var attributes in (FileAttributes[])[FileAttributes.ReadOnly, FileAttributes.Normal, FileAttributes.Hidden, FileAttributes.Directory])
                Cases.Run($"set {attributes} of {target}", d => Prepare(d, () => $"{Cases.Try(() => File.SetAttributes($"{d}/{target}", attributes))} {Cases.Try(() => File.GetAttributes($"{d}/{target}"))} {Cases.Try(() => File.GetUnixFileMode($"{d}/{target}"))}"));
            foreach (int mode in (int[])[0, 0x124, 0x1FF, 0xFFF, 0x1000]) Cases.Run($"mode 0{Convert.ToString(mode, 8)} of {target}", d => Prepare(d, () => $"{Cases.Try(() => File.SetUnixFileMode($"{d}/{target}", (UnixFileMode)mode))} {Cases.Try(() => File.GetUnixFileMode($"{d}/{target}"))}"));
            Cases.Run($"leads to of {target}", d => Prepare(d, () => $"{Cases.Try(() => File.ResolveLinkTarget($"{d}/{target}", false)?.FullName)} {Cases.Try(() => File.ResolveLinkTarget($"{d}/{target}", true)?.FullName)}"));
            Cases.Run($"info of {target}", d => Prepare(d, () => Info(new($"{d}/{target}"))));
            Cases.Run($"link over {target}", d => Prepare(d, () => $"{Cases.Try(() => File.CreateSymbolicLink($"{d}/{target}", "file").LinkTarget)} {Cases.Tree(d)}"));
        }

        Cases.Run("times of a handle", d => Prepare(d, () =>
        {
            using var handle = File.OpenHandle($"{d}/file", FileMode.Open, FileAccess.ReadWrite);
            File.SetLastWriteTimeUtc(handle, s_times[3]);
            File.SetUnixFileMode(handle, UnixFileMode.UserRead);
            return $"{File.GetLastWriteTimeUtc(handle):O} {File.GetUnixFileMode(handle)} {File.GetAttributes(handle)}";
        }));
        Cases.Run("writing changes the time", d => Prepare(d, () =>
        {
            File.SetLastWriteTimeUtc($"{d}/file", s_times[3]);
            File.AppendAllText($"{d}/file", "x");
            return File.GetLastWriteTimeUtc($"{d}/file") > s_times[3];
        }));
        Links();
        Names();
    }

    private static void Links()
    {
        foreach (int length in (int[])[1, 39, 40, 41])
            Cases.Run($"{length} links in a row", d =>
            {
                File.WriteAllText($"{d}/0", "end");
                for (int i = 1; i <= length; i++) File.CreateSymbolicLink($"{d}/{i}", $"{i - 1}");
                return $"{Cases.Try(() => File.ReadAllText($"{d}/{length}"))} {File.Exists($"{d}/{length}")} {Cases.Try(() => File.ResolveLinkTarget($"{d}/{length}", true)?.Name)}";
            });
        Cases.Run("a link to itself", d =>
        {
            File.CreateSymbolicLink($"{d}/a", "a");
            return $"{Cases.Try(() => File.ReadAllText($"{d}/a"))} {Cases.Try(() => File.WriteAllText($"{d}/a", ""))} {Cases.Try(() => Directory.GetFiles($"{d}/a"))} {File.Exists($"{d}/a")} {Cases.Try(() => File.GetAttributes($"{d}/a"))} {Cases.Try(() => File.Delete($"{d}/a"))}";
        });
        Cases.Run("links to folders", d =>
        {
            Directory.CreateDirectory($"{d}/a/b");
            File.WriteAllText($"{d}/a/b/file", "x");
            Directory.CreateSymbolicLink($"{d}/l", "a/b");
            Directory.CreateSymbolicLink($"{d}/a/up", "..");
            Directory.CreateSymbolicLink($"{d}/absolute", $"{d}/a");
            return $"{File.ReadAllText($"{d}/l/file")} {File.ReadAllText($"{d}/a/up/l/../b/file")} {File.ReadAllText($"{d}/absolute/up/absolute/b/file")} {Cases.Try(() => Directory.Delete($"{d}/l", true))} {Cases.Tree(d)}";
        });
    }

    private static void Names()
    {
        string long255 = new('n', 255), long256 = new('n', 256), snowman = string.Concat(Enumerable.Repeat("☃", 85));
        foreach (var (name, text) in ((string, string)[])[("255", long255), ("256", long256), ("85 snowmen", snowman), ("86 snowmen", snowman + "☃"), ("a NUL", "a\0b"), ("a newline", "a\nb"), ("blanks", "  "), ("dots", "..."), ("a quote", "a\"b*?<>|"), ("half a pair", "a\ud800b"), ("4096", string.Concat(Enumerable.Repeat("x/", 2100))), ("up and out", "../../../../../../../../../../../../none")])
        {
            Cases.Run($"a file named by {name}", d => $"{Cases.Try(() => File.WriteAllText($"{d}/{text}", "x"))} {File.Exists($"{d}/{text}")} {Cases.Try(() => Directory.GetFiles(d).Select(f => Path.GetFileName(f)!))}");
            Cases.Run($"a folder named by {name}", d => $"{Cases.Try(() => Directory.CreateDirectory($"{d}/{text.Replace("x/", "/")}").Name.Length)} {Directory.Exists($"{d}/{text}")}");
            Cases.Run($"open by {name}", d => Cases.Try(() => File.OpenRead($"{d}/{text}").Dispose()));
        }

        Cases.Run("an empty path", _ => $"{Cases.Try(() => File.ReadAllText(""))} {File.Exists("")} {Directory.Exists("")} {Cases.Try(() => Directory.GetFiles(""))}");
        Cases.Run("a slash behind a file", d =>
        {
            File.WriteAllText($"{d}/a", "x");
            return $"{Cases.Try(() => File.ReadAllText($"{d}/a/"))} {File.Exists($"{d}/a/")} {Cases.Try(() => File.WriteAllText($"{d}/b/", ""))} {Cases.Try(() => File.Delete($"{d}/a/"))} {Cases.Tree(d)}";
        });
        Cases.Run("two spellings are two names", d =>
        {
            File.WriteAllText($"{d}/é", "1");
            File.WriteAllText($"{d}/e\u0301", "2");
            File.WriteAllText($"{d}/A", "3");
            File.WriteAllText($"{d}/a", "4");
            return Directory.GetFiles(d).Length;
        });
    }

    private static string Info(FileInfo info) =>
        $"{info.Exists} {Cases.Try(() => info.Length)} {info.IsReadOnly} {info.Attributes} {info.LinkTarget} {info.Directory?.Exists} {Cases.Try(() => info.UnixFileMode)}";

    private static object? Prepare(string d, Func<object?> then)
    {
        File.WriteAllText($"{d}/file", "0123456789");
        Directory.CreateDirectory($"{d}/folder");
        File.CreateSymbolicLink($"{d}/link", "file");
        File.CreateSymbolicLink($"{d}/dangling", "nowhere");
        return then();
    }
}
