using System.Runtime.InteropServices;
using Morgana.Files;

namespace Morgana.SystemNative;

/// <summary>The files that the program sees. They are put together with its first call, and without any of .NET's file classes: those would call here.</summary>
/// <remarks>
/// <c>/app</c> is what the build put into the image (Morgana.Sdk's ProgramFiles.targets), the working directory and AppContext.BaseDirectory;
/// <c>/tmp</c> is memory; <c>/etc/ssl/certs</c> has the roots that TLS trusts, where there is TLS. Everything around is memory too, and root's,
/// but for what programs expect of a system (<see cref="SystemFiles"/>). No other path leads to the host's files.
/// </remarks>
internal static unsafe class ProgramFiles
{
    /// <summary>Where the program's own files are.</summary>
    public const string AppFolder = "/app";

    /// <summary>Where shared memory with a name is.</summary>
    public static ReadOnlySpan<byte> SharedMemory => "/dev/shm"u8;

    private const string ZoneFolder = "/usr/share/zoneinfo/";
    private const string TemporaryVariable = "MORGANA_TMP";
    private const long DefaultTemporaryOctets = 16 << 20;

    // Where TLS looks for whom it trusts: Morgana.Sdk's OpenSsl.targets and OpenSslFiles.c.
    private const string RootsFolder = "/etc/ssl/certs", RootsFile = "ca-certificates.crt";
    private static readonly Lock s_gate = new();
    private static volatile FileNamespace? s_files;

    /// <summary>The tree.</summary>
    public static FileNamespace Tree => s_files ?? Create();

    private static FileNamespace Create()
    {
        lock (s_gate) return s_files ??= Build();
    }

    private static FileNamespace Build()
    {
        var user = User.Current;
        var options = new FileNamespaceOptions { Uid = user.Uid, Gid = user.Gid };
        var root = new MemoryFileSystem(new() { MaxOctets = 1 << 20, MaxFiles = 4096, RootPermissions = 0x1ED });
        var files = new FileNamespace(root, options);
        var mounts = ProgramMounts.All();
        EmbeddedFileSystem app = new([]), zones = new([]);
        ImageFiles.Add(app, zones, ZoneFolder);
        foreach (var mount in mounts)
            if (mount.Path.StartsWith(AppFolder + "/", StringComparison.Ordinal)) app.AddDirectory(mount.Path[(AppFolder.Length + 1)..]);
        Mount(files, AppFolder, app);
        if (zones.GetSpace().Octets > 0) Mount(files, ZoneFolder.TrimEnd('/'), zones);
        Mount(files, "/dev", SystemFiles.Devices());
        Mount(files, "/proc", SystemFiles.Processes(files));
        Mount(files, "/etc", SystemFiles.Settings());
        if (TerminalFiles.TryMake(Environment.GetEnvironmentVariable("TERM"), out string terminal, out byte[] description))
            Mount(files, TerminalFiles.Folder, With(terminal, description));
        if (!IsMounted("/tmp")) Mount(files, "/tmp", new MemoryFileSystem(new() { MaxOctets = TemporaryOctets(), RootPermissions = 0x3FF }));
        Mount(files, "/dev/shm", new MemoryFileSystem(new() { MaxOctets = TemporaryOctets(), RootPermissions = 0x3FF }));
        nint length;
        byte* roots = TrustedRoots(&length);
        if (length > 0)
        {
            if (!CertificateText.TryCreate(roots, (int)length, out var text)) text = new ImageMemory(roots, (int)length).Memory;
            Mount(files, RootsFolder, With(RootsFile, text));
        }

        Mount(files, "/proc/net", NetworkFiles.Create());
        Mount(files, "/sys", NetworkFiles.Interfaces());
        // Keys, settings and caches of the user's, such as ASP.NET Core's: they are gone with the process.
        if (!IsMounted(user.Home)) Mount(files, user.Home, new MemoryFileSystem(new() { MaxOctets = 1 << 20, RootPermissions = 0x1FF }));
        foreach (var mount in mounts) Mount(files, mount.Path, mount.Files);
        files.ChangeDirectory("/app"u8);
        return files;

        bool IsMounted(string path)
        {
            foreach (var mount in mounts)
                if (mount.Path == path) return true;
            return false;
        }
    }

    private static long TemporaryOctets() =>
        long.TryParse(Environment.GetEnvironmentVariable(TemporaryVariable), out long octets) && octets >= 0 ? octets : DefaultTemporaryOctets;

    private static EmbeddedFileSystem With(string path, ReadOnlyMemory<byte> content)
    {
        var files = new EmbeddedFileSystem([]);
        files.Add(path, content);
        return files;
    }

    private static void Mount(FileNamespace files, string path, FileSystem fileSystem)
    {
        if (files.Mount(path, fileSystem) is not Errno.None and var error) throw new InvalidOperationException($"{path}: {error}.");
    }

    // What Morgana.Sdk's OpenSsl.targets has put into the image; nothing where there is no TLS.
    [DllImport("Morgana.TrustedRoots", EntryPoint = "Morgana_TrustedRoots")]
    private static extern byte* TrustedRoots(nint* length);
}
