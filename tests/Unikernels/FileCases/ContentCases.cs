using System.IO.MemoryMappedFiles;
using System.Text;

/// <summary>What is in files: reading and writing at places, lengths, mappings, and several threads.</summary>
internal static class ContentCases
{
    public static void Run()
    {
        Random();
        Streams();
        Mappings();
        Cases.Run("all at once", d =>
        {
            File.WriteAllLines($"{d}/a", ["one", "two"]);
            File.AppendAllText($"{d}/a", "three");
            File.AppendAllLines($"{d}/a", ["four"]);
            return $"{string.Join('|', File.ReadAllLines($"{d}/a"))} {File.ReadAllBytes($"{d}/a").Length} {File.ReadLines($"{d}/a").Count()}";
        });
        Cases.Run("asynchronously", d => All(d).GetAwaiter().GetResult());
        Cases.Run("several threads at different places", d =>
        {
            using var handle = File.OpenHandle($"{d}/a", FileMode.Create, FileAccess.ReadWrite);
            Parallel.For(0, 64, i => RandomAccess.Write(handle, Encoding.ASCII.GetBytes($"{i:d4}"), i * 4));
            return File.ReadAllText($"{d}/a") == string.Concat(Enumerable.Range(0, 64).Select(i => $"{i:d4}"));
        });
        Cases.Run("several threads with files of their own", d =>
        {
            Parallel.For(0, 64, i =>
            {
                File.WriteAllText($"{d}/{i}", $"{i}");
                File.Move($"{d}/{i}", $"{d}/m{i}");
                if (i % 2 == 0) File.Delete($"{d}/m{i}");
            });
            return Directory.GetFiles(d).Sum(f => int.Parse(File.ReadAllText(f)));
        });
    }

    private static void Random()
    {
        foreach (long offset in (long[])[-1, 0, 5, 10, 100, 1L << 40])
            foreach (int count in (int[])[0, 1, 10, 20])
            {
                Cases.Run($"read {count} at {offset}", d => On(d, FileAccess.Read, h =>
                {
                    byte[] into = new byte[count];
                    return $"{RandomAccess.Read(h, into, offset)} {Convert.ToHexString(into)}";
                }));
                if (offset < 1000) Cases.Run($"write {count} at {offset}", d => On(d, FileAccess.ReadWrite, h =>
                {
                    RandomAccess.Write(h, new byte[count], offset);
                    return $"{RandomAccess.GetLength(h)} {Convert.ToHexString(File.ReadAllBytes($"{d}/a"))}";
                }));
            }

        Cases.Run("scatter", d => On(d, FileAccess.Read, h =>
        {
            Memory<byte>[] into = [new byte[3], new byte[0], new byte[4], new byte[10]];
            return $"{RandomAccess.Read(h, into, 2)} {string.Join('|', into.Select(m => Encoding.ASCII.GetString(m.Span)))}";
        }));
        Cases.Run("gather", d => On(d, FileAccess.Write, h =>
        {
            RandomAccess.Write(h, [(ReadOnlyMemory<byte>)"ab"u8.ToArray(), default, "cde"u8.ToArray()], 8);
            return File.ReadAllText($"{d}/a");
        }));
        Cases.Run("gather two thousand", d => On(d, FileAccess.Write, h =>
        {
            RandomAccess.Write(h, [.. Enumerable.Range(0, 2000).Select(i => (ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes($"{i},"))], 0);
            return new FileInfo($"{d}/a").Length;
        }));
        foreach (long length in (long[])[-1, 0, 5, 20, 10_000_000])
            Cases.Run($"set length {length}", d => On(d, FileAccess.ReadWrite, h =>
            {
                RandomAccess.SetLength(h, length);
                return $"{RandomAccess.GetLength(h)} {File.ReadAllText($"{d}/a").TrimEnd('\0')}";
            }));
        Cases.Run("write what is open for reading", d => On(d, FileAccess.Read, h => Cases.Try(() => RandomAccess.Write(h, "x"u8, 0))));
        Cases.Run("read what is open for writing", d => On(d, FileAccess.Write, h => Cases.Try(() => RandomAccess.Read(h, new byte[1], 0))));
        Cases.Run("set the length of what is open for reading", d => On(d, FileAccess.Read, h => Cases.Try(() => RandomAccess.SetLength(h, 0))));
        Cases.Run("flush to disk", d => On(d, FileAccess.Write, h => Cases.Try(() => RandomAccess.FlushToDisk(h))));
        Cases.Run("after closing", d => On(d, FileAccess.Write, h =>
        {
            h.Dispose();
            return Cases.Try(() => RandomAccess.Write(h, "x"u8, 0));
        }));
    }

    private static void Streams()
    {
        foreach (var origin in Enum.GetValues<SeekOrigin>())
            foreach (long offset in (long[])[-11, -3, 0, 4, 20])
                Cases.Run($"seek {offset} from {origin}", d => Stream(d, s =>
                {
                    s.Position = 3;
                    string at = Cases.Try(() => s.Seek(offset, origin));
                    return $"{at} {s.Position} {s.ReadByte()}";
                }));
        Cases.Run("write behind the end", d => Stream(d, s =>
        {
            s.Position = 15;
            s.WriteByte(65);
            s.Flush();
            return $"{s.Length} {Convert.ToHexString(File.ReadAllBytes($"{d}/a"))}";
        }));
        Cases.Run("cut and grow", d => Stream(d, s =>
        {
            s.Position = 8;
            s.SetLength(4);
            long at = s.Position;
            s.SetLength(8);
            s.Flush();
            return $"{at} {s.Position} {Convert.ToHexString(File.ReadAllBytes($"{d}/a"))}";
        }));
        Cases.Run("locked regions", d => Stream(d, s =>
        {
            using var other = new FileStream($"{d}/a", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            using var reader = new FileStream($"{d}/a", FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return $"{Cases.Try(() => s.Lock(0, 5))} {Cases.Try(() => other.Lock(3, 5))} {Cases.Try(() => reader.Lock(0, 1))} {Cases.Try(() => s.Unlock(0, 5))} {Cases.Try(() => s.Lock(-1, 1))}";
        }));
        Cases.Run("copy a stream", d => Stream(d, s =>
        {
            using var to = File.Create($"{d}/b");
            s.CopyTo(to);
            return $"{to.Length} {s.Position}";
        }));
        Cases.Run("read past the end", d => Stream(d, s =>
        {
            byte[] into = new byte[100];
            return $"{s.ReadAtLeast(into, 50, throwOnEndOfStream: false)} {s.Read(into)} {s.ReadByte()} {Cases.Try(() => s.ReadExactly(into))}";
        }));
        Cases.Run("one handle and two streams", d =>
        {
            File.WriteAllText($"{d}/a", "0123456789");
            using var a = new FileStream($"{d}/a", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
            using var b = new FileStream($"{d}/a", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
            a.Write("ab"u8);
            int seen = b.ReadByte();
            b.SetLength(1);
            return $"{seen} {a.Length} {a.Position} {b.Position}";
        });
    }

    private static void Mappings()
    {
        foreach (var access in (MemoryMappedFileAccess[])[MemoryMappedFileAccess.Read, MemoryMappedFileAccess.ReadWrite, MemoryMappedFileAccess.CopyOnWrite])
            foreach (long offset in (long[])[0, 4096, 5000])
                Cases.Run($"map {access} at {offset}", d =>
                {
                    byte[] content = new byte[9000];
                    new Random(7).NextBytes(content);
                    File.WriteAllBytes($"{d}/a", content);
                    string told;
                    using (var file = MemoryMappedFile.CreateFromFile($"{d}/a", FileMode.Open, null, 0, access))
                    using (var view = file.CreateViewAccessor(offset, 1000, access))
                    {
                        byte[] back = new byte[1000];
                        view.ReadArray(0, back, 0, 1000);
                        told = $"{back.AsSpan().SequenceEqual(content.AsSpan((int)offset, 1000))} {Cases.Try(() => view.Write(10, (byte)(content[offset + 10] + 1)))} {view.ReadByte(10) - content[offset + 10]}";
                        view.Flush();
                    }

                    return $"{told} {File.ReadAllBytes($"{d}/a")[offset + 10] - content[offset + 10]}";
                });
        Cases.Run("map and grow", d =>
        {
            File.WriteAllText($"{d}/a", "hello");
            using (var file = MemoryMappedFile.CreateFromFile($"{d}/a", FileMode.Open, null, 10_000))
            using (var view = file.CreateViewAccessor()) view.Write(9_999, (byte)33);
            return $"{new FileInfo($"{d}/a").Length} {File.ReadAllBytes($"{d}/a")[9_999]}";
        });
        Cases.Run("two views see each other and the file", d =>
        {
            File.WriteAllBytes($"{d}/a", new byte[8192]);
            using var stream = new FileStream($"{d}/a", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
            using var file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
            using var one = file.CreateViewAccessor();
            using var two = file.CreateViewAccessor();
            one.Write(5000, (byte)77);
            stream.Position = 5000;
            int read = stream.ReadByte();
            stream.WriteByte(78);
            return $"{two.ReadByte(5000)} {read} {one.ReadByte(5001)}";
        });
        Cases.Run("map an empty file", d =>
        {
            File.WriteAllText($"{d}/a", "");
            return Cases.Try(() => MemoryMappedFile.CreateFromFile($"{d}/a").Dispose());
        });
        Cases.Run("map what is not there", d => Cases.Try(() => MemoryMappedFile.CreateFromFile($"{d}/none").Dispose()));
        Cases.Run("memory without a file", d =>
        {
            using var file = MemoryMappedFile.CreateNew(null, 10_000);
            using var one = file.CreateViewAccessor();
            using var two = file.CreateViewAccessor();
            one.Write(9_000, 1234);
            return two.ReadInt32(9_000);
        });
    }

    private static async Task<string> All(string d)
    {
        await File.WriteAllTextAsync($"{d}/a", "hello");
        await File.AppendAllTextAsync($"{d}/a", " world");
        await using var stream = new FileStream($"{d}/a", FileMode.Open, FileAccess.ReadWrite, FileShare.Read, 16, useAsync: true);
        byte[] into = new byte[5];
        await stream.ReadExactlyAsync(into);
        await stream.WriteAsync("-"u8.ToArray());
        await stream.FlushAsync();
        return $"{Encoding.ASCII.GetString(into)} {await File.ReadAllTextAsync($"{d}/a")}";
    }

    private static object? On(string d, FileAccess access, Func<Microsoft.Win32.SafeHandles.SafeFileHandle, object?> then)
    {
        File.WriteAllText($"{d}/a", "0123456789");
        using var handle = File.OpenHandle($"{d}/a", FileMode.Open, access, FileShare.ReadWrite);
        return then(handle);
    }

    private static object? Stream(string d, Func<FileStream, object?> then)
    {
        File.WriteAllText($"{d}/a", "0123456789");
        using var stream = new FileStream($"{d}/a", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        return then(stream);
    }
}
