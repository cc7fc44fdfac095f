using System.Net.Sockets;

/// <summary>The files that sockets of Unix's domain have.</summary>
internal static class SocketNodeCases
{
    public static void Run()
    {
        Cases.Run("node of a socket", d => With(d, s => $"{File.Exists($"{d}/s")} {Directory.Exists($"{d}/s")} {File.GetUnixFileMode($"{d}/s")} {new FileInfo($"{d}/s").Length} {File.GetAttributes($"{d}/s")}"));
        Cases.Run("node of a socket listed", d => With(d, s => string.Join(' ', Directory.GetFileSystemEntries(d).Select(Path.GetFileName))));
        Cases.Run("node of a socket opened", d => With(d, s => Cases.Try(() => File.ReadAllText($"{d}/s"))));
        Cases.Run("node of a socket written to", d => With(d, s => Cases.Try(() => File.WriteAllText($"{d}/s", "x"))));
        Cases.Run("node goes with its socket", d =>
        {
            With(d, s => "");
            return File.Exists($"{d}/s");
        });
        Cases.Run("node of a socket removed", d => With(d, s =>
        {
            s.Listen();
            File.Delete($"{d}/s");
            return $"{File.Exists($"{d}/s")} {Connect($"{d}/s")}";
        }));
        Cases.Run("node of a socket renamed", d => With(d, s =>
        {
            s.Listen();
            File.Move($"{d}/s", $"{d}/t");
            return $"{Connect($"{d}/s")}, {Connect($"{d}/t")}";
        }));
        Cases.Run("node of a socket linked", d => With(d, s =>
        {
            s.Listen();
            File.CreateSymbolicLink($"{d}/link", $"{d}/s");
            return Connect($"{d}/link");
        }));
        Cases.Run("node replaced by another socket's", d => With(d, s =>
        {
            s.Listen();
            File.Delete($"{d}/s");
            return With(d, t => $"{Connect($"{d}/s")}");
        }));
        Cases.Run("node whose socket is gone", d => With(d, s =>
        {
            File.Move($"{d}/s", $"{d}/t");
            s.Dispose();
            return $"{File.Exists($"{d}/t")} {Connect($"{d}/t")} {Bind($"{d}/t")}";
        }));
        foreach (string path in new[] { "file", "folder", "none/s", "file/s", "folder/", "link", "folder/../s", "", new string('n', 90) })
        {
            Cases.Run($"bind to {path}", d =>
            {
                Prepare(d);
                return $"{Bind($"{d}/{path}")} {Cases.Tree(d)}";
            });
            Cases.Run($"connect to {path}", d =>
            {
                Prepare(d);
                return Connect($"{d}/{path}");
            });
        }

        Cases.Run("bind twice", d => With(d, s => $"{Try(() => s.Bind(new UnixDomainSocketEndPoint($"{d}/t")))} {File.Exists($"{d}/t")}"));
        Cases.Run("bind by a relative path", d =>
        {
            Directory.SetCurrentDirectory(d);
            using var socket = New();
            socket.Bind(new UnixDomainSocketEndPoint("relative"));
            socket.Listen();
            return $"{File.Exists($"{d}/relative")} {Connect($"{d}/relative")} {Connect("relative")}";
        });
    }

    private static void Prepare(string folder)
    {
        File.WriteAllText($"{folder}/file", "1");
        Directory.CreateDirectory($"{folder}/folder");
        File.CreateSymbolicLink($"{folder}/link", "nowhere");
    }

    private static Socket New() => new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    private static string With(string folder, Func<Socket, string> work)
    {
        using var socket = New();
        socket.Bind(new UnixDomainSocketEndPoint($"{folder}/s"));
        return work(socket);
    }

    private static string Bind(string path)
    {
        using var socket = New();
        return Try(() => socket.Bind(new UnixDomainSocketEndPoint(path)));
    }

    private static string Connect(string path)
    {
        using var socket = New();
        return Try(() => socket.Connect(new UnixDomainSocketEndPoint(path)));
    }

    private static string Try(Action work)
    {
        try
        {
            work();
            return "done";
        }
        catch (SocketException e)
        {
            return $"{e.SocketErrorCode}";
        }
        catch (ArgumentException e)
        {
            return e.GetType().Name;
        }
    }
}
