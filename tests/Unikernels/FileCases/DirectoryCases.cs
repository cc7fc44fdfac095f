/// <summary>Directories: making, removing, listing.</summary>
internal static class DirectoryCases
{
    public static void Run()
    {
        foreach (string pattern in (string[])["*", "*.txt", "a*", "?.txt", "*.*", ".*", "none*", "*b*"])
            foreach (var option in Enum.GetValues<SearchOption>())
            {
                Cases.Run($"files {pattern} {option}", d => Prepare(d, () => Names(d, Directory.GetFiles(d, pattern, option))));
                Cases.Run($"folders {pattern} {option}", d => Prepare(d, () => Names(d, Directory.GetDirectories(d, pattern, option))));
            }

        foreach (var skip in (FileAttributes[])[0, FileAttributes.Hidden, FileAttributes.Directory, FileAttributes.ReparsePoint, FileAttributes.ReadOnly])
            Cases.Run($"entries without {skip}", d => Prepare(d, () => Names(d, Directory.GetFileSystemEntries(d, "*", new EnumerationOptions { AttributesToSkip = skip, RecurseSubdirectories = true }))));
        Cases.Run("special entries", d => Prepare(d, () => Names(d, Directory.GetFileSystemEntries(d, "*", new EnumerationOptions { ReturnSpecialDirectories = true }))));
        Cases.Run("depth", d => Prepare(d, () => Names(d, Directory.GetFileSystemEntries(d, "*", new EnumerationOptions { MaxRecursionDepth = 1, RecurseSubdirectories = true }))));
        Cases.Run("infos", d => Prepare(d, () => new DirectoryInfo(d).EnumerateFileSystemInfos().OrderBy(i => i.Name, StringComparer.Ordinal).Select(i => $"{i.Name} {i.Attributes} {i.Extension} {(i as FileInfo)?.Length}")));

        foreach (string target in (string[])["file", "none", "empty", "full", "link", "folderlink", "dangling", "", "file/x", "none/x", ".", ".."])
        {
            Cases.Run($"list {target}", d => Prepare(d, () => Names(d, Directory.GetFileSystemEntries($"{d}/sub/{target}"))));
            Cases.Run($"delete folder {target}", d => Prepare(d, () => $"{Cases.Try(() => Directory.Delete($"{d}/sub/{target}"))} {Cases.Tree(d)}"));
            Cases.Run($"delete file {target}", d => Prepare(d, () => $"{Cases.Try(() => File.Delete($"{d}/sub/{target}"))} {Cases.Tree(d)}"));
            Cases.Run($"make {target}", d => Prepare(d, () => $"{Cases.Try(() => Directory.CreateDirectory($"{d}/sub/{target}").Exists)} {Cases.Tree(d)}"));
            Cases.Run($"exists {target}", d => Prepare(d, () => $"{File.Exists($"{d}/sub/{target}")} {Directory.Exists($"{d}/sub/{target}")} {Path.Exists($"{d}/sub/{target}")}"));
            if (target is not ("" or "." or ".."))
                Cases.Run($"delete all {target}", d => Prepare(d, () => $"{Cases.Try(() => Directory.Delete($"{d}/sub/{target}", recursive: true))} {Cases.Tree(d)}"));
        }

        Cases.Run("make many at once", d => $"{Directory.CreateDirectory($"{d}/a/b/c/d").Exists} {Cases.Tree(d)}");
        Cases.Run("make with a mode", d => Directory.CreateDirectory($"{d}/a", UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.OtherWrite).UnixFileMode);
        Cases.Run("delete while listing", d =>
        {
            for (int i = 0; i < 300; i++) File.WriteAllText($"{d}/{i}", "");
            foreach (string file in Directory.EnumerateFiles(d)) File.Delete(file);
            return Cases.Tree(d);
        });
        Cases.Run("the working directory", d =>
        {
            string before = Environment.CurrentDirectory;
            Directory.CreateDirectory($"{d}/a/b");
            Environment.CurrentDirectory = $"{d}/a/b";
            File.WriteAllText("../x", "here");
            string told = $"{Directory.GetCurrentDirectory()} {Path.GetFullPath("..")} {File.ReadAllText($"{d}/a/x")} {Cases.Try(() => Environment.CurrentDirectory = $"{d}/none")} {Cases.Try(() => Environment.CurrentDirectory = $"{d}/a/x")}";
            Environment.CurrentDirectory = before;
            return told;
        });
        Cases.Run("temporary names", d =>
        {
            string file = Path.GetTempFileName(), folder = Directory.CreateTempSubdirectory("pre").FullName;
            string told = $"{new FileInfo(file).Length} {File.GetUnixFileMode(file)} {File.GetUnixFileMode(folder)} {Path.GetFileName(folder).Length}";
            File.Delete(file);
            Directory.Delete(folder);
            return told;
        });
    }

    private static object? Prepare(string d, Func<object?> then)
    {
        Directory.CreateDirectory($"{d}/sub/empty");
        Directory.CreateDirectory($"{d}/sub/full/deep");
        foreach (string file in (string[])["a.txt", "b.txt", "ab", ".hidden", "sub/file", "sub/full/b.txt", "sub/full/deep/.x", "sub/full/deep/ab.txt"]) File.WriteAllText($"{d}/{file}", file);
        File.CreateSymbolicLink($"{d}/sub/link", "file");
        Directory.CreateSymbolicLink($"{d}/sub/folderlink", "full");
        File.CreateSymbolicLink($"{d}/sub/dangling", "nowhere");
        File.SetAttributes($"{d}/ab", FileAttributes.ReadOnly);
        return then();
    }

    private static IEnumerable<string> Names(string d, string[] paths) => paths.Select(p => Path.GetRelativePath(d, p)).Order(StringComparer.Ordinal);
}
