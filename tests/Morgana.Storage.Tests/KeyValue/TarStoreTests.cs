using System.Formats.Tar;
using System.Text;

namespace Morgana.Storage.Tests;

public abstract class TarStoreContract(TarEntryFormat format, int sectorSize) : ReadOnlyKeyValueStoreContract
{
    protected override async ValueTask<IReadOnlyKeyValueStore> OpenAsync(IReadOnlyDictionary<string, byte[]> content)
    {
        using var archive = new MemoryStream();
        await using (var writer = new TarWriter(archive, format, leaveOpen: true))
        {
            foreach (var (key, value) in content)
            {
                TarEntry entry = format == TarEntryFormat.Gnu ? new GnuTarEntry(TarEntryType.RegularFile, key) : new PaxTarEntry(TarEntryType.RegularFile, key);
                entry.DataStream = new MemoryStream(value);
                await writer.WriteEntryAsync(entry);
            }
        }

        return await TarStore.OpenAsync(TarStoreTests.Device(archive.ToArray(), sectorSize));
    }
}

public class PaxTarStoreTests() : TarStoreContract(TarEntryFormat.Pax, 512);

public class GnuTarStoreTests() : TarStoreContract(TarEntryFormat.Gnu, 4096);

public class TarStoreTests
{
    [Fact]
    public async Task Directories_links_and_devices_are_passed_over()
    {
        byte[] archive = Archive(
            new UstarTarEntry(TarEntryType.Directory, "./folder/"), File("./folder/a", "in a folder"), File("/rooted", "x"),
            new UstarTarEntry(TarEntryType.SymbolicLink, "folder/link") { LinkName = "../../etc/passwd" },
            new UstarTarEntry(TarEntryType.SymbolicLink, "loop") { LinkName = "loop" },
            new UstarTarEntry(TarEntryType.HardLink, "hard") { LinkName = "rooted" },
            new UstarTarEntry(TarEntryType.Fifo, "pipe"));
        await using var store = await TarStore.OpenAsync(Device(archive));
        Assert.Equal([new("folder", StoreEntryKind.Folder), new("rooted", StoreEntryKind.Value)], await store.ListAsync(StoreKey.Root));
        Assert.Equal("in a folder", await store.GetTextAsync("folder/a"));
        Assert.Equal([new("a", StoreEntryKind.Value)], await store.ListAsync("folder"));
    }

    [Fact]
    public async Task Of_several_entries_with_one_name_the_last_counts()
    {
        await using var store = await TarStore.OpenAsync(Device(Archive(File("a", "first"), File("b", "other"), File("a", "last"))));
        Assert.Equal("last", await store.GetTextAsync("a"));
    }

    [Fact]
    public async Task A_long_ustar_name_has_its_prefix()
    {
        string name = $"{new string('d', 120)}/{new string('f', 90)}";
        await using var store = await TarStore.OpenAsync(Device(Archive(File(name, "long"))));
        Assert.Equal("long", await store.GetTextAsync(name));
    }

    [Fact]
    public async Task Values_of_an_archive_in_memory_are_not_copied()
    {
        byte[] archive = Archive(File("a", "where it lies"));
        await using var store = await TarStore.OpenAsync(Device(archive));
        var (first, second) = ((await store.GetAsync("a"))!.Value, (await store.GetAsync("a"))!.Value);
        Assert.True(first.Span == second.Span);
        Assert.NotNull((await store.GetInfoAsync("a"))!.Value.Modified);
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("a/../../outside")]
    [InlineData("a//b")]
    [InlineData("new\nline")]
    public async Task A_name_that_is_no_key_makes_the_archive_useless(string name) =>
        Assert.Equal(StoreError.Outside, await ErrorAsync(Archive(File("fine", "x"), File(name, "x"))));

    [Fact]
    public async Task A_value_below_a_value_is_damage() => Assert.Equal(StoreError.Damaged, await ErrorAsync(Archive(File("a", "x"), File("a/b", "x"))));

    [Theory]
    [InlineData("77777777777\0")]
    [InlineData("-0000000001\0")]
    [InlineData("99999999999\0")]
    [InlineData("\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff")]
    [InlineData("\u0080\0\0\0\u007f\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff")]
    public async Task A_size_that_lies_is_damage(string size)
    {
        byte[] archive = Archive(File("a", "x"));
        Encoding.Latin1.GetBytes(size).CopyTo(archive, 124);
        Assert.Equal(StoreError.Damaged, await ErrorAsync(WithChecksum(archive)));
    }

    [Fact]
    public async Task A_wrong_checksum_is_damage()
    {
        byte[] archive = Archive(File("a", "x"));
        archive[0] ^= 1;
        Assert.Equal(StoreError.Damaged, await ErrorAsync(archive));
    }

    [Theory]
    [InlineData("8 path=a\n")]
    [InlineData("999 path=a\n")]
    [InlineData("0 path=a\n")]
    [InlineData("11 path=a")]
    [InlineData("99999999999999999999 path=a\n")]
    [InlineData("-8 p=a\n")]
    [InlineData("5 a b\n")]
    [InlineData("12 size=-1x\n")]
    [InlineData("28 size=9223372036854775808\n")]
    public async Task Pax_records_that_lie_are_damage(string records)
    {
        byte[] header = Archive(File("PaxHeaders/a", records));
        header[156] = (byte)'x';
        Assert.Equal(StoreError.Damaged, await ErrorAsync([.. WithChecksum(header)[..1024], .. Archive(File("a", "x"))]));
    }

    [Fact]
    public async Task A_description_without_end_is_damage()
    {
        byte[] header = Archive(File("a", new string('x', 100_000)));
        header[156] = (byte)'L';
        Assert.Equal(StoreError.Damaged, await ErrorAsync(WithChecksum(header)));
    }

    [Fact]
    public async Task Too_many_entries_are_refused()
    {
        byte[] archive = Archive([.. Enumerable.Range(0, 50).Select(i => File($"{i}", "x"))]);
        await using var store = await TarStore.OpenAsync(Device(archive), new() { MaxEntries = 50 });
        Assert.Equal(50, (await store.ListAsync(StoreKey.Root)).Count);
        Assert.Equal(StoreError.TooLarge, (await Assert.ThrowsAsync<StoreException>(async () => await TarStore.OpenAsync(Device(archive), new() { MaxEntries = 49 }))).Error);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Whatever_is_done_to_an_archive_it_opens_or_is_refused(int seed)
    {
        byte[] archive = Archive([.. Enumerable.Range(0, 8).Select(i => File($"folder/{i}", new string('x', i * 300)))]);
        var random = new Random(seed);
        int refused = 0;
        for (int i = 0; i < 2000; i++)
        {
            byte[] damaged = [.. archive];
            int block = random.Next(archive.Length / 512) * 512;
            for (int n = random.Next(1, 4); n > 0; n--) damaged[block + random.Next(512)] = (byte)random.Next(256);
            if (random.Next(2) == 0) damaged = WithChecksum(damaged, block);
            try
            {
                await using var store = await TarStore.OpenAsync(Device(damaged[..(random.Next(1, archive.Length / 512 + 1) * 512)]));
                await foreach (var key in store.WalkAsync()) await store.GetAsync(key);
            }
            catch (StoreException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 100, 1999);
    }

    internal static IBlockDevice Device(byte[] archive, int sectorSize = 512)
    {
        Array.Resize(ref archive, (archive.Length + sectorSize - 1) / sectorSize * sectorSize);
        return new EmbeddedBlockDevice(archive, sectorSize);
    }

    private static async Task<StoreError> ErrorAsync(byte[] archive) =>
        (await Assert.ThrowsAsync<StoreException>(async () => await TarStore.OpenAsync(Device(archive)))).Error;

    private static UstarTarEntry File(string name, string content) => new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) };

    private static byte[] Archive(params TarEntry[] entries)
    {
        using var archive = new MemoryStream();
        using (var writer = new TarWriter(archive, TarEntryFormat.Ustar, leaveOpen: true))
            foreach (var entry in entries) writer.WriteEntry(entry);
        return archive.ToArray();
    }

    /// <summary>The archive with a header's checksum put right after it was tampered with.</summary>
    private static byte[] WithChecksum(byte[] archive, int at = 0)
    {
        archive.AsSpan(at + 148, 8).Fill((byte)' ');
        int sum = archive.AsSpan(at, 512).ToArray().Sum(b => b);
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(archive, at + 148);
        return archive;
    }
}
