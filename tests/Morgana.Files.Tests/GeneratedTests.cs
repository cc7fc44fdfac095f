using System.Text;

namespace Morgana.Files.Tests;

/// <summary>Files that are made when they are read, links and devices.</summary>
public class GeneratedTests
{
    private readonly GeneratedFileSystem _system = new(GeneratedFileSystem.Process);
    private readonly FileNamespace _files;

    public GeneratedTests()
    {
        _files = new(new MemoryFileSystem(), new() { Uid = 0 });
        Assert.Equal(Errno.None, _files.Mount("/sys", _system));
    }

    [Fact]
    public void Content_is_made_anew_when_it_is_read_from_its_beginning()
    {
        int made = 0;
        _system.AddFile("a/count", () => $"time {++made}");
        _system.AddLink("again", "a/count");
        Assert.Equal("time 1", Read("/sys/a/count"));
        Assert.Equal("time 2", Read("/sys/again"));
        Assert.Equal(Errno.None, _files.GetStatus("/sys/a/count"u8, follow: true, out var status));
        Assert.Equal((FileType.Regular, 0L, 0x124), (status.Type, status.Size, status.Permissions));
    }

    [Fact]
    public void Directories_come_and_go_with_the_names_that_there_are()
    {
        var names = new List<string> { "lo" };
        _system.AddDirectories("class/net", () => [.. names], [("name", n => n), ("counts/all", n => $"{n.Length}")]);
        Assert.Equal("lo", Read("/sys/class/net/lo/name"));
        Assert.Equal(Errno.None, _files.GetStatus("/sys/class/net/lo"u8, follow: true, out var before));
        Assert.Equal(Errno.ENOENT, _files.GetStatus("/sys/class/net/net0"u8, follow: true, out _));
        names.Add("net0");
        Assert.Equal("4", Read("/sys/class/net/net0/counts/all"));
        Assert.Equal(Errno.None, _files.GetStatus("/sys/class/net/lo"u8, follow: true, out var after));
        Assert.Equal(before.Number, after.Number);
        Assert.Equal("lo", Read("/sys/class/net/net0/../lo/name"));
        Assert.Equal(Errno.EACCES, _files.MakeDirectory("/sys/class/net/new"u8, 0x1ED));
        Assert.Equal(Errno.EEXIST, _files.MakeDirectory("/sys/class/net/lo"u8, 0x1ED));
        names.Remove("lo");
        Assert.Equal(Errno.ENOENT, _files.GetStatus("/sys/class/net/lo"u8, follow: true, out _));
    }

    [Fact]
    public void Nothing_can_be_made_changed_or_removed_even_by_root()
    {
        _system.AddFile("a/file", () => "text");
        Assert.Equal(Errno.EACCES, _files.Open("/sys/new"u8, OpenFlags.WriteOnly | OpenFlags.Create, 0x1A4, out _));
        Assert.Equal(Errno.EACCES, _files.MakeDirectory("/sys/new"u8, 0x1ED));
        Assert.Equal(Errno.EEXIST, _files.MakeDirectory("/sys/a"u8, 0x1ED));
        Assert.Equal(Errno.EPERM, _files.Unlink("/sys/a/file"u8));
        Assert.Equal(Errno.EPERM, _files.RemoveDirectory("/sys/a"u8));
        Assert.Equal(Errno.EPERM, _files.ChangePermissions("/sys/a/file"u8, 0x1FF));
        Assert.Equal(Errno.None, _files.Open("/sys/a/file"u8, OpenFlags.WriteOnly, 0, out var file));
        using (file) Assert.Equal(Errno.EACCES, file!.Write("x"u8, out _));
    }

    [Fact]
    public void Devices_have_no_place_and_no_end()
    {
        _system.AddDevice("null", CharacterDevice.Null);
        _system.AddDevice("zero", CharacterDevice.Zero);
        _system.AddDevice("full", CharacterDevice.Full);
        _system.AddDevice("random", CharacterDevice.Random(octets => octets.Fill(7)));
        Assert.Equal((Errno.None, 0, Errno.None, 3), Use("/sys/null"));
        Assert.Equal((Errno.None, 0x00000000, Errno.None, 3), Use("/sys/zero"));
        Assert.Equal((Errno.None, 0x00000000, Errno.ENOSPC, 0), Use("/sys/full"));
        Assert.Equal((Errno.None, 0x07070707, Errno.None, 3), Use("/sys/random"));
        // truncate(2), EINVAL: it is no regular file. Opening it so is nothing.
        Assert.Equal(Errno.None, _files.Open("/sys/null"u8, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate, 0x1A4, out var file));
        using (file)
        {
            Assert.Equal(FileType.Device, file!.Type);
            Assert.Equal(Errno.EINVAL, file.SetLength(0));
        }
    }

    [Fact]
    public void A_directory_lists_what_was_added_and_another_file_system_fits_in()
    {
        _system.AddDevice("null", CharacterDevice.Null);
        _system.AddDirectory("shm");
        Assert.Equal(Errno.None, _files.Mount("/sys/shm", new MemoryFileSystem()));
        Assert.Equal(Errno.None, _files.OpenDirectory("/sys"u8, out var directory));
        using (directory)
        {
            var names = new List<string>();
            while (directory!.TryRead(out var entry)) names.Add(entry.Name.ToString());
            Assert.Equal([".", "..", "null", "shm"], names.Order(StringComparer.Ordinal));
        }

        Assert.Equal(Errno.None, _files.Open("/sys/shm/x"u8, OpenFlags.WriteOnly | OpenFlags.Create, 0x1A4, out var file));
        file!.Dispose();
    }

    // What four octets of it are (0 if there are none), and what becomes of three that are written.
    private (Errno Read, int Value, Errno Write, int Written) Use(string path)
    {
        Assert.Equal(Errno.None, _files.Open(Encoding.UTF8.GetBytes(path), OpenFlags.ReadWrite, 0, out var file));
        using (file)
        {
            Span<byte> octets = stackalloc byte[4];
            var read = file!.Read(octets, out int count);
            Assert.Equal(path == "/sys/null" ? 0 : 4, count);
            var write = file.Write("abc"u8, out int written);
            return (read, count == 0 ? 0 : BitConverter.ToInt32(octets), write, written);
        }
    }

    private string Read(string path)
    {
        Assert.Equal(Errno.None, _files.Open(Encoding.UTF8.GetBytes(path), OpenFlags.ReadOnly, 0, out var file));
        using (file)
        {
            var text = new StringBuilder();
            byte[] buffer = new byte[3];
            while (file!.Read(buffer, out int count) == Errno.None && count > 0) text.Append(Encoding.UTF8.GetString(buffer, 0, count));
            return text.ToString();
        }
    }
}
