using System.Text;
using Morgana.Files.Host;
using Morgana.Files.Tests.Model;

namespace Morgana.Files.Tests;

/// <summary>A directory of the host's as a file system: it answers as Linux does, and nothing leads out of it.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class HostDirectoryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-host-").FullName;

    private string Inside => Path.Combine(_folder, "inside");

    private string Outside => Path.Combine(_folder, "outside");

    public HostDirectoryTests()
    {
        Directory.CreateDirectory(Inside);
        Directory.CreateDirectory(Outside);
        File.WriteAllText(Path.Combine(Outside, "secret"), "secret");
        File.SetUnixFileMode(_folder, (UnixFileMode)0x1FF);
        File.SetUnixFileMode(Inside, (UnixFileMode)0x1FF);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6)]
    public void Random_calls_have_the_answers_that_Linux_gives(int seed) => Compare(seed, user: null);

    [Theory, InlineData(11), InlineData(12), InlineData(13), InlineData(14), InlineData(15), InlineData(16)]
    public void Random_calls_of_a_user_without_rights_have_the_answers_that_Linux_gives(int seed) => Compare(seed, user: 1234);

    private void Compare(int seed, uint? user)
    {
        bool isRoot = Libc.EffectiveUser() == 0;
        if (!isRoot) user = null;
        const int calls = 2000;
        string linux = Path.Combine(_folder, "linux"), rehearsal = Path.Combine(_folder, "rehearsal");
        foreach (string folder in (string[])[linux, rehearsal]) File.SetUnixFileMode(Directory.CreateDirectory(folder).FullName, (UnixFileMode)0x1FF);
        // Once where everything can be loaded: afterwards the thread's root is an empty folder.
        Linux.Run(rehearsal, null, asRoot: false, l => new RandomCalls(seed, absolute: false).Run(l, calls));
        List<string> expected = [], actual = [];
        Linux.Run(linux, user, isRoot, l => expected = new RandomCalls(seed, isRoot, user is null).Run(l, calls));

        // The same user: a thread of its own again, but with the host's own root.
        var files = new FileNamespace(HostFileSystem.Open(Inside), new() { Uid = user ?? Libc.EffectiveUser(), Gid = user ?? Libc.EffectiveGroup() });
        Linux.Run(_folder, user, asRoot: false, _ => actual = new RandomCalls(seed, isRoot, user is null).Run(new Ours(files), calls));
        for (int i = 0; i < expected.Count; i++)
        {
            if (expected[i] == actual[i]) continue;
            Assert.Fail($"Seed {seed}, user {user}:\n{string.Join('\n', expected.Skip(i - 60).Take(Math.Min(i, 60)))}\nLinux: {expected[i]}\nours:  {actual[i]}");
        }

        Assert.Equal(0, files.OpenFiles);
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("../../../../../../../../../..OUTSIDE")]
    [InlineData("OUTSIDE")]
    [InlineData("/proc/self/cwd")]
    [InlineData("a/../../outside")]
    public void No_symbolic_link_leads_out(string target)
    {
        target = target.Replace("OUTSIDE", Outside);
        Directory.CreateDirectory(Path.Combine(Inside, "a"));
        Directory.CreateSymbolicLink(Path.Combine(Inside, "link"), target);
        File.CreateSymbolicLink(Path.Combine(Inside, "file"), target + "/secret");
        var files = Mounted();
        Assert.Equal(Errno.ENOENT, files.Open("/data/link/secret"u8, OpenFlags.ReadOnly, 0, out _));
        Assert.Equal(Errno.ENOENT, files.Open("/data/file"u8, OpenFlags.ReadOnly, 0, out _));
        Assert.Equal(Errno.ENOENT, files.OpenDirectory("/data/link"u8, out _));
        Assert.Equal(Errno.ENOENT, files.Unlink("/data/link/secret"u8));
        Assert.Equal(Errno.ENOENT, files.Rename("/data/a"u8, "/data/link/b"u8));
        // Made is what the link names in the program's own tree, or nothing.
        _ = files.Open("/data/file"u8, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate, 0x1B6, out var made);
        made?.Dispose();
        Assert.Equal("secret", File.ReadAllText(Path.Combine(Outside, "secret")));
        Assert.Equal(["secret"], Directory.GetFileSystemEntries(Outside).Select(Path.GetFileName));
    }

    [Fact]
    public void Dots_lead_to_the_programs_own_root_and_no_further()
    {
        Directory.CreateDirectory(Path.Combine(Inside, "a/b"));
        var files = Mounted();
        Assert.Equal(Errno.ENOENT, files.GetStatus("/data/../outside/secret"u8, follow: true, out _));
        Assert.Equal(Errno.ENOENT, files.GetStatus("/data/a/../../../outside/secret"u8, follow: true, out _));
        Assert.Equal(Errno.None, files.ChangeDirectory("/data/a/b"u8));
        Assert.Equal(Errno.ENOENT, files.GetStatus("../../../../outside/secret"u8, follow: true, out _));
        Assert.Equal(Errno.None, files.GetStatus("../../../data/a"u8, follow: true, out _));
    }

    /// <summary>The host moves directories about, and puts links to the outside in their place, while the program goes through them.</summary>
    [Fact]
    public async Task Whatever_the_host_renames_meanwhile_nothing_leads_out()
    {
        string a = Path.Combine(Inside, "a"), away = Path.Combine(_folder, "away");
        Directory.CreateDirectory(Path.Combine(a, "b"));
        File.WriteAllText(Path.Combine(a, "b/secret"), "public");
        var files = Mounted();
        using var ended = new CancellationTokenSource();
        long turns = 0;
        var host = Task.Run(() =>
        {
            while (!ended.IsCancellationRequested)
            {
                Directory.Move(a, away);
                Directory.CreateSymbolicLink(a, Outside);
                File.Delete(a);
                Directory.CreateDirectory(a);
                Directory.CreateSymbolicLink(Path.Combine(a, "b"), Outside);
                File.Delete(Path.Combine(a, "b"));
                Directory.Delete(a);
                Directory.Move(away, a);
                Interlocked.Increment(ref turns);
            }
        });
        int read = 0;
        byte[] into = new byte[10];
        for (int i = 0; (i < 3000 || Interlocked.Read(ref turns) < 20 || read < 1) && !host.IsCompleted; i++)
        {
            if (files.Open("/data/a/b/secret"u8, OpenFlags.ReadOnly, 0, out var file) == Errno.None)
            {
                Assert.Equal(Errno.None, file!.Read(into, out int count));
                Assert.Equal("public", Encoding.ASCII.GetString(into, 0, count));
                file.Dispose();
                read++;
            }

            if (files.Open("/data/a/b/made"u8, OpenFlags.WriteOnly | OpenFlags.Create, 0x1B6, out var made) == Errno.None) made!.Dispose();
            files.ChangePermissions("/data/a/b/secret"u8, 0x1B6);
        }

        await ended.CancelAsync();
        await host;
        Assert.Equal(["secret"], Directory.GetFileSystemEntries(Outside).Select(Path.GetFileName));
        Assert.Equal("secret", File.ReadAllText(Path.Combine(Outside, "secret")));
    }

    [Fact]
    public void What_is_mounted_for_reading_cannot_be_changed()
    {
        File.WriteAllText(Path.Combine(Inside, "a"), "x");
        var files = Mounted(isReadOnly: true);
        Assert.Equal(Errno.EROFS, files.Open("/data/a"u8, OpenFlags.ReadWrite, 0, out _));
        Assert.Equal(Errno.EROFS, files.Open("/data/b"u8, OpenFlags.WriteOnly | OpenFlags.Create, 0x1B6, out _));
        Assert.Equal(Errno.EROFS, files.Unlink("/data/a"u8));
        Assert.Equal(Errno.EROFS, files.Rename("/data/a"u8, "/data/b"u8));
        Assert.Equal(Errno.EROFS, files.ChangePermissions("/data/a"u8, 0));
        Assert.Equal(Errno.EROFS, files.MakeDirectory("/data/c"u8, 0x1FF));
        Assert.Equal(["a"], Directory.GetFileSystemEntries(Inside).Select(Path.GetFileName));
    }

    [Fact]
    public void A_pipe_a_socket_and_a_device_cannot_be_opened()
    {
        var files = Mounted();
        Assert.Equal(Errno.None, files.MakeSocket("/data/socket"u8, out _));
        Assert.Equal(Errno.ENXIO, files.Open("/data/socket"u8, OpenFlags.ReadOnly, 0, out _));
        Assert.Equal(0, MakePipe(Path.Combine(Inside, "pipe")));
        // It does not wait for the other end either.
        Assert.Equal(Errno.EACCES, files.Open("/data/pipe"u8, OpenFlags.ReadOnly, 0, out _));
        var devices = new FileNamespace(HostFileSystem.Open("/dev"));
        Assert.Equal(Errno.EACCES, devices.Open("/null"u8, OpenFlags.ReadWrite, 0, out _));
    }

    [Fact]
    public void A_directory_that_the_host_removes_is_ENOENT_and_its_open_files_stay()
    {
        File.WriteAllText(Path.Combine(Inside, "a"), "still there");
        var files = Mounted();
        Assert.Equal(Errno.None, files.Open("/data/a"u8, OpenFlags.ReadWrite, 0, out var file));
        Directory.Move(Inside, Inside + "2");
        Assert.Equal(Errno.None, files.GetStatus("/data/a"u8, follow: true, out _));
        Directory.Delete(Inside + "2", recursive: true);
        Assert.Equal(Errno.ENOENT, files.GetStatus("/data/a"u8, follow: true, out _));
        Assert.Equal(Errno.ENOENT, files.Open("/data/b"u8, OpenFlags.WriteOnly | OpenFlags.Create, 0x1B6, out _));
        byte[] into = new byte[20];
        Assert.Equal(Errno.None, file!.Read(into, out int count));
        Assert.Equal("still there", Encoding.ASCII.GetString(into, 0, count));
        file.Dispose();
    }

    [Fact]
    public void A_lock_of_the_hosts_is_honoured_and_ours_is_seen_there()
    {
        string path = Path.Combine(Inside, "a");
        File.WriteAllText(path, "x");
        var files = Mounted();
        using (File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            Assert.Equal(Errno.None, files.Open("/data/a"u8, OpenFlags.ReadWrite, 0, out var other));
            Assert.Equal(Errno.EAGAIN, other!.Lock(FileLock.Shared, wait: false));
            other.Dispose();
        }

        Assert.Equal(Errno.None, files.Open("/data/a"u8, OpenFlags.ReadWrite, 0, out var ours));
        Assert.Equal(Errno.None, ours!.Lock(FileLock.Exclusive, wait: false));
        Assert.Throws<IOException>(() => File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose());
        ours.Dispose();
        File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
    }

    [Fact]
    public void A_file_that_is_mapped_is_the_hosts_file()
    {
        string path = Path.Combine(Inside, "a");
        File.WriteAllBytes(path, new byte[10_000]);
        var files = Mounted();
        Assert.Equal(Errno.None, files.Open("/data/a"u8, OpenFlags.ReadWrite, 0, out var file));
        Assert.Equal(Errno.None, file!.Map(10_000, writes: true, out var mapping));
        System.Runtime.InteropServices.Marshal.WriteByte(mapping!.Address + 9_000, 77);
        Assert.Equal(Errno.None, mapping.Flush());
        Assert.Equal(77, File.ReadAllBytes(path)[9_000]);
        mapping.Dispose();
        file.Dispose();
        Assert.Equal(0, files.OpenFiles);
    }

    [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "mkfifo")]
    private static extern int MakePipe([System.Runtime.InteropServices.MarshalAs(System.Runtime.InteropServices.UnmanagedType.LPUTF8Str)] string path, int mode = 0x1B6);

    private FileNamespace Mounted(bool isReadOnly = false)
    {
        var files = new FileNamespace(new MemoryFileSystem(), new() { Uid = Libc.EffectiveUser(), Gid = Libc.EffectiveGroup() });
        Assert.Equal(Errno.None, files.Mount("/data", HostFileSystem.Open(Inside, isReadOnly)));
        return files;
    }
}
