using System.Reflection;
using System.Runtime.InteropServices;
using Morgana.Files;

namespace Morgana.SystemNative;

/// <summary>The files that the program sees. They are put together with its first call, and without any of .NET's file classes: those would call here.</summary>
/// <remarks>
/// <c>/app</c> is what the build put into the image (Morgana.Sdk's ProgramFiles.targets), the working directory and AppContext.BaseDirectory;
/// <c>/tmp</c> is memory; <c>/etc/ssl/certs</c> has the roots that TLS trusts, where there is TLS. Everything around is memory too, and root's. No path leads to the host's files.
/// </remarks>
internal static unsafe class ProgramFiles
{
    /// <summary>Where the program's own files are.</summary>
    public const string AppFolder = "/app";

    /// <summary>Where shared memory with a name is.</summary>
    public static ReadOnlySpan<byte> SharedMemory => "/dev/shm"u8;

    private const string ResourcePrefix = "Morgana.App/";
    private const string TemporaryVariable = "MORGANA_TMP";
    private const long DefaultTemporaryOctets = 16 << 20;
    private const string Library = "libSystem.Native";

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
        var options = new FileNamespaceOptions { Uid = GetEUid(), Gid = GetEGid() };
        var root = new MemoryFileSystem(new() { MaxOctets = 1 << 20, MaxFiles = 4096, RootPermissions = 0x1ED });
        var files = new FileNamespace(root, options);
        var app = Assembly.GetEntryAssembly() is { } program ? EmbeddedFileSystem.FromResources(program, ResourcePrefix) : new EmbeddedFileSystem([]);
        Mount(files, AppFolder, app);
        Mount(files, "/tmp", new MemoryFileSystem(new() { MaxOctets = TemporaryOctets(), RootPermissions = 0x3FF }));
        Mount(files, "/dev/shm", new MemoryFileSystem(new() { MaxOctets = TemporaryOctets(), RootPermissions = 0x3FF }));
        nint length;
        byte* roots = TrustedRoots(&length);
        if (length > 0) Mount(files, RootsFolder, new EmbeddedFileSystem([new(RootsFile, new ImageMemory(roots, (int)length).Memory)]));
        Mount(files, "/proc/net", NetworkFiles.Create());
        NetworkFiles.AddResolvers(root.Root);
        files.ChangeDirectory("/app"u8);
        return files;
    }

    private static long TemporaryOctets() =>
        long.TryParse(Environment.GetEnvironmentVariable(TemporaryVariable), out long octets) && octets >= 0 ? octets : DefaultTemporaryOctets;

    private static void Mount(FileNamespace files, string path, FileSystem fileSystem)
    {
        if (files.Mount(path, fileSystem) is not Errno.None and var error) throw new InvalidOperationException($"{path}: {error}.");
    }

    // What Morgana.Sdk's OpenSsl.targets has put into the image; nothing where there is no TLS.
    [DllImport("Morgana.TrustedRoots", EntryPoint = "Morgana_TrustedRoots")]
    private static extern byte* TrustedRoots(nint* length);

    [DllImport(Library, EntryPoint = "SystemNative_GetEUid")]
    private static extern uint GetEUid();

    [DllImport(Library, EntryPoint = "SystemNative_GetEGid")]
    private static extern uint GetEGid();
}
