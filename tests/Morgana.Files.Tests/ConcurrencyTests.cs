using System.Text;

namespace Morgana.Files.Tests;

public class ConcurrencyTests
{
    private const int Threads = 4, Rounds = 3000;
    private readonly MemoryFileSystem _memory = new();
    private readonly FileNamespace _files;

    public ConcurrencyTests() => _files = new(_memory);

    [Fact]
    public void Appends_of_several_threads_are_all_there_and_whole()
    {
        Run(thread =>
        {
            Assert.Equal(Errno.None, _files.Open("/log"u8, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Append, 0x1B6, out var file));
            byte[] line = Encoding.ASCII.GetBytes($"{new string((char)('a' + thread), 20)}\n");
            for (int i = 0; i < Rounds; i++) Assert.Equal(Errno.None, file!.Write(line, out _));
            file!.Dispose();
        });
        Assert.Equal(Errno.None, _files.Open("/log"u8, OpenFlags.ReadOnly, 0, out var log));
        byte[] all = new byte[(Threads * Rounds * 21) + 1];
        Assert.Equal(Errno.None, log!.Read(all, out int count));
        Assert.Equal(all.Length - 1, count);
        foreach (string line in Encoding.ASCII.GetString(all, 0, count).Split('\n')[..^1]) Assert.Equal(new string(line[0], 20), line);
        log.Dispose();
    }

    [Fact]
    public void Threads_that_share_an_offset_read_each_octet_once()
    {
        byte[] content = new byte[100_000];
        new Random(1).NextBytes(content);
        Assert.Equal(Errno.None, _files.Open("/a"u8, OpenFlags.ReadWrite | OpenFlags.Create, 0x1B6, out var file));
        file!.WriteAt(0, content, out _);
        long sum = 0;
        Run(_ =>
        {
            byte[] part = new byte[77];
            while (file.Read(part, out int count) == Errno.None && count > 0)
                Interlocked.Add(ref sum, part.AsSpan(0, count).ToArray().Sum(b => (long)b));
        });
        Assert.Equal(content.Sum(b => (long)b), sum);
        file.Dispose();
    }

    [Fact]
    public void Renames_against_each_other_never_make_a_loop_or_lose_a_directory()
    {
        string[] names = ["/a", "/b", "/a/c", "/b/c", "/a/c/d", "/b/d"];
        foreach (string name in names) _files.MakeDirectory(Encoding.ASCII.GetBytes(name), 0x1FF);
        Run(thread =>
        {
            var random = new Random(thread);
            for (int i = 0; i < Rounds; i++)
            {
                byte[] from = Encoding.ASCII.GetBytes(names[random.Next(names.Length)]), to = Encoding.ASCII.GetBytes(names[random.Next(names.Length)]);
                var error = _files.Rename(from, to);
                Assert.True(error is Errno.None or Errno.ENOENT or Errno.EINVAL or Errno.ENOTEMPTY, $"{error}");
                if (random.Next(4) == 0) _files.MakeDirectory(from, 0x1FF);
            }
        });
        // Everything that is counted can be reached from the root.
        Assert.Equal(_memory.Files, Count("/"));
    }

    [Fact]
    public void Files_that_come_and_go_in_many_threads_leave_nothing_behind()
    {
        Run(thread =>
        {
            var random = new Random(thread);
            for (int i = 0; i < Rounds; i++)
            {
                byte[] path = Encoding.ASCII.GetBytes($"/{random.Next(5)}"), other = Encoding.ASCII.GetBytes($"/{random.Next(5)}");
                var error = _files.Open(path, OpenFlags.ReadWrite | OpenFlags.Create | (random.Next(3) == 0 ? OpenFlags.Truncate : 0), 0x1B6, out var file);
                Assert.Equal(Errno.None, error);
                file!.Write(new byte[random.Next(9000)], out _);
                switch (random.Next(4))
                {
                    case 0: _files.Unlink(path); break;
                    case 1: _files.Rename(path, other); break;
                    case 2: _files.Link(path, other); break;
                }

                file.Dispose();
            }
        });
        for (int i = 0; i < 5; i++) _files.Unlink(Encoding.ASCII.GetBytes($"/{i}"));
        Assert.Equal(0, _files.OpenFiles);
        Assert.Equal(0, _memory.Octets);
        Assert.Equal(1, _memory.Files);
    }

    [Fact]
    public void An_exclusive_lock_is_held_by_one_and_those_that_wait_get_it()
    {
        int inside = 0, entered = 0;
        Run(_ =>
        {
            for (int i = 0; i < 200; i++)
            {
                Assert.Equal(Errno.None, _files.Open("/lock"u8, OpenFlags.ReadWrite | OpenFlags.Create, 0x1B6, out var file));
                Assert.Equal(Errno.None, file!.Lock(FileLock.Exclusive, wait: true));
                Assert.Equal(1, Interlocked.Increment(ref inside));
                entered++;
                Interlocked.Decrement(ref inside);
                // By hand, or with the file.
                if (i % 2 == 0) Assert.Equal(Errno.None, file.Lock(FileLock.None, wait: true));
                file.Dispose();
            }
        });
        Assert.Equal(Threads * 200, entered);
    }

    private int Count(string directory)
    {
        Assert.Equal(Errno.None, _files.OpenDirectory(Encoding.ASCII.GetBytes(directory), out var entries));
        int count = 1;
        while (entries!.TryRead(out var entry))
            if (entry.Name.ToString() is not ("." or "..")) count += Count($"{directory.TrimEnd('/')}/{entry.Name}");
        entries.Dispose();
        return count;
    }

    private static void Run(Action<int> work)
    {
        List<Exception> failures = [];
        var threads = Enumerable.Range(0, Threads).Select(i => new Thread(() =>
        {
            try
            {
                work(i);
            }
            catch (Exception e)
            {
                lock (failures) failures.Add(e);
            }
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        if (failures.Count > 0) throw new AggregateException(failures);
    }
}
