using System.Text;

namespace Morgana.Files.Tests;

public class MountTests
{
    private readonly FileNamespace _files = new(new MemoryFileSystem());

    public MountTests()
    {
        var content = new EmbeddedFileSystem([
            new("appsettings.json", "{}"u8.ToArray()),
            new("wwwroot/index.html", "<p>hello</p>"u8.ToArray()),
            new("wwwroot/css/main.css", "p{}"u8.ToArray())]);
        Assert.Equal(Errno.None, _files.Mount("/app", content));
        Assert.Equal(Errno.None, _files.Mount("/srv/data", new MemoryFileSystem()));
    }

    [Fact]
    public void Dots_lead_over_the_edge_of_a_mount_and_back()
    {
        Assert.Equal(Errno.None, _files.ChangeDirectory("/app/wwwroot/css"u8));
        Assert.Equal("/app/wwwroot/css", WorkingDirectory());
        Assert.Equal(Errno.None, _files.ChangeDirectory("../../../srv/data/../data/.."u8));
        Assert.Equal("/srv", WorkingDirectory());
        Assert.Equal(Errno.None, _files.ChangeDirectory("../../../../app"u8));
        Assert.Equal("/app", WorkingDirectory());
        Assert.Equal(Errno.None, _files.GetStatus("wwwroot/../../app/appsettings.json"u8, follow: true, out var status));
        Assert.Equal(2, status.Size);
    }

    [Fact]
    public void What_is_embedded_is_read_where_it_lies_and_cannot_change()
    {
        Assert.Equal(Errno.None, _files.Open("/app/wwwroot/index.html"u8, OpenFlags.ReadOnly, 0, out var file));
        Assert.True(file!.TryGetMemory(out var memory));
        Assert.Equal("<p>hello</p>", Encoding.UTF8.GetString(memory.Span));
        byte[] part = new byte[100];
        Assert.Equal(Errno.None, file.ReadAt(3, part, out int count));
        Assert.Equal("hello</p>", Encoding.UTF8.GetString(part, 0, count));
        Assert.Equal(Errno.EBADF, file.Write("x"u8, out _));
        Assert.Equal(Errno.EROFS, file.ChangePermissions(0));
        Assert.Equal(Errno.EROFS, file.ChangeTimes(default, new(1, 0)));
        file.Dispose();

        Assert.Equal(Errno.EROFS, _files.Open("/app/wwwroot/index.html"u8, OpenFlags.ReadWrite, 0, out _));
        Assert.Equal(Errno.EROFS, _files.Open("/app/wwwroot/index.html"u8, OpenFlags.Truncate, 0, out _));
        Assert.Equal(Errno.EROFS, _files.Open("/app/new"u8, OpenFlags.WriteOnly | OpenFlags.Create, 0, out _));
        Assert.Equal(Errno.EEXIST, _files.Open("/app/wwwroot/index.html"u8, OpenFlags.Create | OpenFlags.Exclusive, 0, out _));
        Assert.Equal(Errno.EISDIR, _files.Open("/app/wwwroot"u8, OpenFlags.WriteOnly, 0, out _));
        Assert.Equal(Errno.EROFS, _files.MakeDirectory("/app/new"u8, 0));
        Assert.Equal(Errno.EEXIST, _files.MakeDirectory("/app/wwwroot"u8, 0));
        Assert.Equal(Errno.EROFS, _files.Unlink("/app/none"u8));
        Assert.Equal(Errno.EROFS, _files.RemoveDirectory("/app/wwwroot"u8));
        Assert.Equal(Errno.EROFS, _files.Rename("/app/appsettings.json"u8, "/app/other"u8));
        Assert.Equal(Errno.EROFS, _files.MakeLink("x"u8, "/app/link"u8));
        Assert.Equal(Errno.EROFS, _files.Link("/app/appsettings.json"u8, "/app/link"u8));
        Assert.Equal(Errno.EROFS, _files.ChangePermissions("/app/appsettings.json"u8, 0));
        Assert.Equal(Errno.EROFS, _files.CheckAccess("/app/appsettings.json"u8, AccessModes.Write));
        Assert.Equal(Errno.None, _files.CheckAccess("/app/appsettings.json"u8, AccessModes.Read));
        Assert.Equal(Errno.EACCES, _files.CheckAccess("/app/appsettings.json"u8, AccessModes.Execute));
    }

    [Fact]
    public void A_sockets_node_is_found_and_removed_but_not_opened()
    {
        Assert.Equal(Errno.None, _files.MakeSocket("/srv/data/s"u8, out var node));
        Assert.Equal(Errno.EEXIST, _files.MakeSocket("/srv/data/s"u8, out _));
        Assert.Equal(Errno.EEXIST, _files.MakeSocket("/srv/data"u8, out _));
        Assert.Equal(Errno.ENOENT, _files.MakeSocket("/srv/none/s"u8, out _));
        Assert.Equal(Errno.EROFS, _files.MakeSocket("/app/s"u8, out _));
        Assert.Equal(Errno.ENXIO, _files.Open("/srv/data/s"u8, OpenFlags.ReadWrite, 0, out _));
        Assert.Equal(Errno.None, _files.GetStatus("/srv/data/s"u8, follow: true, out var status));
        Assert.Equal((FileType.Socket, 0L), (status.Type, status.Size));
        Assert.Equal(Errno.None, _files.Rename("/srv/data/s"u8, "/srv/data/t"u8));
        Assert.Equal(Errno.ENOENT, _files.FindSocket("/srv/data/s"u8, out _));
        Assert.Equal(Errno.None, _files.FindSocket("/srv/data/t"u8, out var found));
        Assert.Equal(node, found);
        Assert.Equal(Errno.None, _files.Unlink("/srv/data/t"u8));
        Assert.Equal(Errno.ENOENT, _files.FindSocket("/srv/data/t"u8, out _));
        Assert.Equal(0, _files.OpenFiles);
    }

    [Fact]
    public void Who_may_not_write_to_a_sockets_node_may_not_connect_to_it()
    {
        var files = new FileNamespace(new MemoryFileSystem(new() { RootPermissions = 0x1FF }), new() { Uid = 1000, Gid = 1000 });
        Assert.Equal(Errno.None, files.MakeSocket("/s"u8, out _));
        Assert.Equal(Errno.None, files.ChangePermissions("/s"u8, 0x124));        // 0444
        Assert.Equal(Errno.EACCES, files.FindSocket("/s"u8, out _));
        Assert.Equal(Errno.None, files.ChangePermissions("/s"u8, 0x180));        // 0600
        Assert.Equal(Errno.None, files.FindSocket("/s"u8, out _));
    }

    [Fact]
    public void What_is_generated_is_made_anew_for_whoever_opens_it_alone()
    {
        int made = 0;
        var content = new EmbeddedFileSystem([]);
        content.AddGenerated("number", () => Encoding.ASCII.GetBytes($"{++made}"));
        Assert.Equal(Errno.None, _files.Mount("/proc/net", content));
        Assert.Equal(Errno.None, _files.GetStatus("/proc/net/number"u8, follow: true, out var status));
        Assert.Equal((0L, 0), (status.Size, made));
        Assert.Equal("1", Read("/proc/net/number"));
        Assert.Equal(Errno.None, _files.Open("/proc/net/number"u8, OpenFlags.ReadOnly, 0, out var held));
        Assert.Equal("2", Read("/proc/net/number"));
        held!.Dispose();
        Assert.Equal("3", Read("/proc/net/number"));
    }

    private string Read(string path)
    {
        Assert.Equal(Errno.None, _files.Open(Encoding.ASCII.GetBytes(path), OpenFlags.ReadOnly, 0, out var file));
        byte[] content = new byte[10];
        Assert.Equal(Errno.None, file!.ReadAt(0, content, out int count));
        file.Dispose();
        return Encoding.ASCII.GetString(content, 0, count);
    }

    [Fact]
    public void Nothing_moves_from_one_mount_to_another_and_a_mount_stays()
    {
        Assert.Equal(Errno.None, _files.MakeDirectory("/srv/data/a"u8, 0x1FF));
        Assert.Equal(Errno.EXDEV, _files.Rename("/srv/data/a"u8, "/a"u8));
        Assert.Equal(Errno.EXDEV, _files.Link("/app/appsettings.json"u8, "/srv/data/x"u8));
        Assert.Equal(Errno.EBUSY, _files.Rename("/srv/data"u8, "/srv/other"u8));
        Assert.Equal(Errno.EBUSY, _files.RemoveDirectory("/srv/data"u8));
        Assert.Equal(Errno.ENOTEMPTY, _files.RemoveDirectory("/srv"u8));
        Assert.Equal(Errno.EISDIR, _files.Unlink("/srv/data"u8));
        Assert.Equal(Errno.None, _files.MakeDirectory("/other"u8, 0x1FF));
        Assert.Equal(Errno.EBUSY, _files.Rename("/other"u8, "/srv/data"u8));
        Assert.Equal(Errno.EBUSY, _files.Mount("/srv/data", new MemoryFileSystem()));
    }

    [Fact]
    public void A_directory_is_listed_as_it_was_when_it_was_opened()
    {
        for (int i = 0; i < 100; i++) Assert.Equal(Errno.None, _files.MakeDirectory(Encoding.ASCII.GetBytes($"/srv/data/{i}"), 0x1FF));
        Assert.Equal(Errno.None, _files.OpenDirectory("/srv/data"u8, out var directory));
        List<string> seen = [];
        while (directory!.TryRead(out var entry))
        {
            seen.Add(entry.Name.ToString());
            // As a recursive removal does it.
            if (entry.Name.ToString() is not ("." or "..")) Assert.Equal(Errno.None, _files.RemoveDirectory([.. "/srv/data/"u8, .. entry.Name.Octets]));
        }

        directory.Dispose();
        Assert.Equal(102, seen.Distinct().Count());
        Assert.Equal([".", ".."], seen.Take(2));
    }

    [Fact]
    public void Names_that_are_made_up_are_new_and_files_of_them_are_the_owners_alone()
    {
        byte[] first = "/srv/data/x-XXXXXX.tmp"u8.ToArray(), second = "/srv/data/dXXXXXX"u8.ToArray();
        Assert.Equal(Errno.None, _files.MakeTemporaryFile(first, 4, out var file));
        Assert.Equal(Errno.None, file!.GetStatus(out var status));
        Assert.Equal(0x8180, status.Mode);
        Assert.Equal(Errno.None, _files.GetStatus(first, follow: true, out var same));
        Assert.Equal(status.Number, same.Number);
        Assert.Equal(Errno.None, _files.MakeTemporaryDirectory(second));
        Assert.Equal(Errno.None, _files.GetStatus(second, follow: true, out status));
        Assert.Equal(0x41C0, status.Mode);
        file.Dispose();
        Assert.Equal(Errno.EINVAL, _files.MakeTemporaryFile("/tmp/XXXXX"u8.ToArray(), 0, out _));
        Assert.Equal(Errno.EINVAL, _files.MakeTemporaryDirectory("XXXXX"u8.ToArray()));
    }

    [Fact]
    public void Mounting_asks_nobody_for_rights_and_gives_none()
    {
        var files = new FileNamespace(new MemoryFileSystem(new() { RootPermissions = 0x1ED }), new() { Uid = 1000, Gid = 1000 });
        Assert.Equal(Errno.None, files.Mount("/dev/shm", new MemoryFileSystem(new() { RootPermissions = 0x3FF })));
        Assert.Equal(Errno.EINVAL, files.Mount("tmp", new MemoryFileSystem()));
        Assert.Equal(Errno.EBUSY, files.Mount("/", new MemoryFileSystem()));
        Assert.Equal(Errno.EACCES, files.MakeDirectory("/a"u8, 0x1FF));
        Assert.Equal(Errno.EACCES, files.MakeDirectory("/dev/a"u8, 0x1FF));
        Assert.Equal(Errno.None, files.MakeDirectory("/dev/shm/a"u8, 0x1FF));
        Assert.Equal(Errno.None, files.GetStatus("/dev/shm/a"u8, follow: true, out var status));
        Assert.Equal((1000u, 0x41ED), (status.Uid, status.Mode));
        Assert.Equal(["/", "/dev/shm"], files.Mounts.Select(m => m.Path));
    }

    private string WorkingDirectory()
    {
        Assert.Equal(Errno.None, _files.GetWorkingDirectory(out byte[] path));
        return Encoding.UTF8.GetString(path);
    }
}
