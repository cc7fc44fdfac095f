/// <summary>Moving, copying and replacing: what by what, onto what.</summary>
internal static class MoveCases
{
    private static readonly string[] s_sources = ["file", "none", "empty", "full", "link", "dangling"];
    private static readonly string[] s_targets = ["new", "file2", "empty2", "full2", "file", "none/new", "full/in", "link2"];

    public static void Run()
    {
        (string, Action<string, string>)[] operations =
        [
            ("File.Move", File.Move), ("File.Move over", (a, b) => File.Move(a, b, overwrite: true)), ("File.Copy", File.Copy),
            ("File.Copy over", (a, b) => File.Copy(a, b, overwrite: true)), ("Directory.Move", Directory.Move), ("File.Replace", (a, b) => File.Replace(a, b, null)),
            ("File.Replace backup", (a, b) => File.Replace(a, b, Path.Combine(Path.GetDirectoryName(a)!, "backup"))),
        ];
        foreach (var (name, operation) in operations)
            foreach (string source in s_sources)
                foreach (string target in s_targets)
                    Cases.Run($"{name} {source} to {target}", d =>
                    {
                        Prepare(d);
                        return $"{Cases.Try(() => operation($"{d}/{source}", $"{d}/{target}"))}; {Cases.Tree(d)}";
                    });

        Cases.Run("move a folder into itself", d =>
        {
            Prepare(d);
            return $"{Cases.Try(() => Directory.Move($"{d}/full", $"{d}/full/below"))} {Cases.Try(() => Directory.Move($"{d}/full", $"{d}/full"))} {Cases.Tree(d)}";
        });
        Cases.Run("copy keeps times and mode", d =>
        {
            Prepare(d);
            File.SetLastWriteTimeUtc($"{d}/file", new(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
            File.SetUnixFileMode($"{d}/file", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherExecute);
            File.Copy($"{d}/file", $"{d}/copy");
            return $"{File.GetLastWriteTimeUtc($"{d}/copy"):O} {File.GetUnixFileMode($"{d}/copy")}";
        });
        Cases.Run("copy something large", d =>
        {
            byte[] content = new byte[300_000];
            new Random(1).NextBytes(content);
            File.WriteAllBytes($"{d}/a", content);
            File.Copy($"{d}/a", $"{d}/b");
            return File.ReadAllBytes($"{d}/b").AsSpan().SequenceEqual(content);
        });
        Cases.Run("move to another file system", d =>
        {
            File.WriteAllText($"{d}/a", "x");
            return $"{Cases.Try(() => File.Move($"{d}/a", "/no-such-folder/a"))}";
        });
    }

    private static void Prepare(string d)
    {
        File.WriteAllText($"{d}/file", "first");
        File.WriteAllText($"{d}/file2", "second");
        Directory.CreateDirectory($"{d}/empty");
        Directory.CreateDirectory($"{d}/empty2");
        Directory.CreateDirectory($"{d}/full");
        Directory.CreateDirectory($"{d}/full2/deep");
        File.WriteAllText($"{d}/full/a", "a");
        File.WriteAllText($"{d}/full2/deep/b", "b");
        File.CreateSymbolicLink($"{d}/link", "file");
        File.CreateSymbolicLink($"{d}/link2", "file2");
        File.CreateSymbolicLink($"{d}/dangling", "nowhere");
    }
}
