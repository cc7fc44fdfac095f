/// <summary>Runs cases one by one and prints what each came to, in words that do not depend on where it ran.</summary>
internal static class Cases
{
    private static int s_folders;

    /// <summary>Where the cases may make files.</summary>
    public static string Root { get; set; } = "";

    /// <summary>An empty folder of one case's own.</summary>
    public static string NewFolder() => Directory.CreateDirectory(Path.Combine(Root, $"case{++s_folders}")).FullName;

    /// <summary>Does a case in a folder of its own, and prints its result, or which exception it ended with.</summary>
    public static void Run(string name, Func<string, object?> work)
    {
        string folder = NewFolder();
        Console.WriteLine($"{name}: {Try(() => work(folder)).Replace(folder, "DIR").Replace(Root, "ROOT")}");
    }

    /// <summary>The result in words: an exception is its type and its number, since texts differ between runtimes.</summary>
    public static string Try(Func<object?> work)
    {
        try
        {
            return work() switch
            {
                null => "null",
                bool b => b ? "yes" : "no",
                IEnumerable<string> all => $"[{string.Join(", ", all)}]",
                DateTime time => time.ToUniversalTime().ToString("O"),
                var result => $"{result}",
            };
        }
        catch (Exception e)
        {
            return $"{e.GetType().Name} 0x{e.HResult:x8}";
        }
    }

    /// <summary>For what has no result.</summary>
    public static string Try(Action work) => Try(() =>
    {
        work();
        return "done";
    });

    /// <summary>Everything below a folder: names, sizes, content.</summary>
    public static string Tree(string folder) => string.Join(" ", Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        .Select(e => Path.GetRelativePath(folder, e) + (new FileInfo(e).LinkTarget is { } target ? $"->{target}" : Directory.Exists(e) ? "/" : $"={Short(e)}")));

    private static string Short(string file) => File.ReadAllText(file) is { Length: < 20 } text ? $"'{text}'" : $"{new FileInfo(file).Length}";
}
