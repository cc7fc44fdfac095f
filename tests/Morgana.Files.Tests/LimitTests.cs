using System.Text;

namespace Morgana.Files.Tests;

public class LimitTests
{
    private readonly MemoryFileSystem _memory = new(new() { MaxOctets = 16 * 4096, MaxFiles = 20 });
    private readonly FileNamespace _files;

    public LimitTests() => _files = new(_memory, new() { MaxOpenFiles = 8 });

    [Fact]
    public void A_full_file_system_takes_what_fits_and_then_says_ENOSPC()
    {
        var file = Create("/a");
        Assert.Equal(Errno.None, file.Write(new byte[20 * 4096], out int count));
        Assert.Equal(16 * 4096, count);
        Assert.Equal(Errno.ENOSPC, file.Write("more"u8, out count));
        Assert.Equal(0, count);

        // What is there may be written over, and a hole takes nothing.
        Assert.Equal(Errno.None, file.WriteAt(100, "over"u8, out _));
        Assert.Equal(Errno.None, file.SetLength(1L << 60));
        Assert.Equal(Errno.ENOSPC, file.Allocate(0, 1L << 60));
        Assert.Equal(16 * 4096, _memory.Octets);

        Assert.Equal(Errno.None, file.SetLength(4097));
        Assert.Equal(2 * 4096, _memory.Octets);
        Assert.Equal(Errno.None, file.Allocate(0, 16 * 4096));
        Assert.Equal(16 * 4096, _memory.Octets);
        file.Dispose();
    }

    [Fact]
    public void What_could_not_be_reserved_as_a_whole_is_given_back()
    {
        var file = Create("/a");
        Assert.Equal(Errno.None, file.WriteAt(4096 * 4, new byte[4096 * 8], out _));
        Assert.Equal(Errno.ENOSPC, file.Allocate(0, 17 * 4096));
        Assert.Equal(8 * 4096, _memory.Octets);
        file.Dispose();
    }

    [Fact]
    public void A_removed_file_takes_space_until_it_is_closed()
    {
        var file = Create("/a");
        file.Write(new byte[5000], out _);
        Assert.Equal(Errno.None, _files.Unlink("/a"u8));
        Assert.Equal(2 * 4096, _memory.Octets);
        byte[] back = new byte[6000];
        Assert.Equal(Errno.None, file.ReadAt(0, back, out int count));
        Assert.Equal(5000, count);
        Assert.Equal(2, _memory.Files);
        Assert.Equal(Errno.None, file.Close());
        Assert.Equal(0, _memory.Octets);
        Assert.Equal(1, _memory.Files);
    }

    [Fact]
    public void Files_are_counted_and_links_too()
    {
        for (int i = 1; i < 20; i++) Assert.Equal(Errno.None, i % 2 == 0 && i > 2 ? _files.Link("/1"u8, Name(i)) : i % 3 == 0 ? _files.MakeLink("x"u8, Name(i)) : i == 1 ? Make(i) : _files.MakeDirectory(Name(i), 0x1FF));
        Assert.Equal(Errno.ENOSPC, _files.MakeDirectory("/more"u8, 0x1FF));
        Assert.Equal(Errno.ENOSPC, _files.Link("/1"u8, "/more"u8));
        Assert.Equal(Errno.ENOSPC, _files.MakeLink("x"u8, "/more"u8));
        Assert.Equal(Errno.ENOSPC, _files.Open("/more"u8, OpenFlags.Create, 0, out _));
        Assert.Equal(Errno.None, _files.Unlink("/4"u8));
        Assert.Equal(Errno.None, _files.Rename("/1"u8, "/more"u8));
        Assert.Equal(Errno.None, _files.MakeDirectory("/4"u8, 0x1FF));
        Assert.Equal(20, _memory.Files);
        Assert.Equal(0, _files.OpenFiles);
    }

    [Fact]
    public void Open_files_and_directories_have_one_limit()
    {
        List<OpenFile> open = [];
        for (int i = 0; i < 7; i++) open.Add(Create($"/{i}"));
        Assert.Equal(Errno.None, _files.OpenDirectory("/"u8, out var directory));
        Assert.Equal(Errno.ENFILE, _files.Open("/0"u8, OpenFlags.ReadOnly, 0, out _));
        Assert.Equal(Errno.ENFILE, _files.OpenDirectory("/"u8, out _));
        directory!.Dispose();
        directory.Dispose();
        // An attempt that fails leaves nothing open.
        for (int i = 0; i < 20; i++) Assert.Equal(Errno.ENOENT, _files.Open("/none"u8, OpenFlags.ReadOnly, 0, out _));
        open.Add(Create("/0"));
        foreach (var file in open) Assert.Equal(Errno.None, file.Close());
        Assert.Equal(Errno.EBADF, open[0].Close());
        Assert.Equal(0, _files.OpenFiles);
    }

    [Fact]
    public void Offsets_at_the_edge_of_numbers_are_errors()
    {
        var file = Create("/a");
        Assert.Equal(Errno.EFBIG, file.WriteAt(long.MaxValue, "x"u8, out _));
        Assert.Equal(Errno.None, file.WriteAt(long.MaxValue - 1, "xy"u8, out int count));
        Assert.Equal(1, count);
        Assert.Equal(Errno.None, file.GetStatus(out var status));
        Assert.Equal(long.MaxValue, status.Size);
        Assert.Equal(Errno.EFBIG, file.Allocate(2, long.MaxValue));
        Assert.Equal(Errno.EINVAL, file.Seek(1, SeekOrigin.End, out _));
        byte[] one = new byte[4];
        Assert.Equal(Errno.None, file.ReadAt(long.MaxValue - 1, one, out count));
        Assert.Equal((1, (byte)'x'), (count, one[0]));
        file.Dispose();
    }

    [Fact]
    public void A_path_with_a_NUL_is_refused()
    {
        Assert.Equal(Errno.EINVAL, _files.MakeDirectory("/a\0b"u8, 0x1FF));
        Assert.Equal(Errno.EINVAL, _files.GetStatus("\0"u8, follow: true, out _));
        Assert.Equal(Errno.EINVAL, _files.MakeLink("a\0b"u8, "/x"u8));
        Assert.Equal(Errno.ENOENT, _files.GetStatus("/x"u8, follow: false, out _));
    }

    [Fact]
    public void Forty_links_are_followed_and_not_one_more()
    {
        var files = new FileNamespace(new MemoryFileSystem());
        Assert.Equal(Errno.None, files.MakeDirectory("/0"u8, 0x1FF));
        for (int i = 1; i <= 41; i++) Assert.Equal(Errno.None, files.MakeLink(Name(i - 1), Name(i)));
        Assert.Equal(Errno.None, files.GetStatus("/40"u8, follow: true, out _));
        Assert.Equal(Errno.ELOOP, files.GetStatus("/41"u8, follow: true, out _));
        Assert.Equal(Errno.None, files.GetStatus("/41"u8, follow: false, out _));
        Assert.Equal(Errno.ELOOP, files.Open("/41/x"u8, OpenFlags.Create, 0, out _));
        Assert.Equal(Errno.None, files.MakeLink("/loop"u8, "/loop"u8));
        Assert.Equal(Errno.ELOOP, files.GetStatus("/loop/x"u8, follow: true, out _));
    }

    private static byte[] Name(int i) => Encoding.ASCII.GetBytes($"/{i}");

    private Errno Make(int i)
    {
        Create($"/{i}").Dispose();
        return Errno.None;
    }

    private OpenFile Create(string path)
    {
        Assert.Equal(Errno.None, _files.Open(Encoding.UTF8.GetBytes(path), OpenFlags.ReadWrite | OpenFlags.Create, 0x1B6, out var file));
        return file!;
    }
}
