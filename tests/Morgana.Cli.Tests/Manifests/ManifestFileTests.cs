using System.Buffers.Binary;
using System.Text;
using Morgana.Build;
using Morgana.Build.Manifests;

namespace Morgana.Cli.Tests.Manifests;

/// <summary>The manifest in an image: every length in it is the file's word until it is checked.</summary>
public sealed class ManifestFileTests : IDisposable
{
    internal const string Whole = """
        {"schema":1,"name":"notes","program":"Notes","version":"0.1.0","morgana":"0.1.0","targets":["process","managed"],
         "devices":[{"name":"disk","kind":"block","drivers":["file","memory"]},{"name":"net0","kind":"network","drivers":["tap"]}],
         "arguments":[{"name":"greeting","value":"TEXT","expected":"text","group":"Application","default":"hello","required":false}],
         "secrets":[{"name":"data-key"}],
         "parts":[{"id":0,"type":"IBlockDevice","name":"disk","device":"disk","level":0},{"id":1,"type":"IKeyValueStore","name":"data","provider":"Wiring.Data","level":1,"needs":[0]}],
         "needs":[1],"somethingNew":{"a":1}}
        """;

    private readonly string _file = Path.Combine(Path.GetTempPath(), "morgana-manifest-" + Guid.NewGuid().ToString("n"));

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void It_is_found_among_other_notes()
    {
        var manifest = Read(Elf(Note("GNU", 3, "0123456789"u8), Note("Morgana", 1, Encoding.ASCII.GetBytes(Whole))))!;
        Assert.Equal("notes", manifest.Name);
        Assert.Equal(["disk", "net0"], manifest.Devices.Select(d => d.Name));
        Assert.Equal([0], manifest.Parts[1].Needs);
        Assert.Equal(manifest.ToJson(), Manifest.Parse(Encoding.UTF8.GetBytes(manifest.ToJson()), "again").ToJson());
    }

    [Fact]
    public void An_image_without_one_has_none()
    {
        Assert.Null(Read(Elf(Note("GNU", 3, "x"u8))));
        Assert.Null(Read(Elf(Note("Morgana", 2, "of another type"u8))));
        Assert.Null(Read(Elf()));
    }

    [Fact]
    public void Whatever_is_cut_off_is_an_answer_in_one_line_or_none()
    {
        byte[] elf = Elf(Note("Morgana", 1, Encoding.ASCII.GetBytes(Whole)));
        for (int length = 64; length < elf.Length; length += 7)
        {
            try
            {
                Read(elf[..length]);
            }
            catch (BuildException e)
            {
                Assert.DoesNotContain('\n', e.Message);
            }
        }
    }

    [Fact]
    public void Whatever_is_damaged_is_an_answer_in_one_line_or_a_manifest()
    {
        byte[] elf = Elf(Note("Morgana", 1, Encoding.ASCII.GetBytes(Whole)));
        var random = new Random(3);
        for (int i = 0; i < 400; i++)
        {
            byte[] damaged = [.. elf];
            damaged[random.Next(4, damaged.Length)] = (byte)random.Next(256);
            try
            {
                Read(damaged);
            }
            catch (BuildException e)
            {
                Assert.DoesNotContain('\n', e.Message);
            }
        }
    }

    [Theory]
    [InlineData("{", "damaged")]
    [InlineData("{\"schema\":0}", "damaged")]
    [InlineData("null", "damaged")]
    [InlineData("{\"schema\":1,\"parts\":[{\"id\":0,\"needs\":[0]}]}", "damaged")]
    [InlineData("{\"schema\":1,\"parts\":[{\"id\":1}]}", "damaged")]
    [InlineData("{\"schema\":1,\"needs\":[0]}", "damaged")]
    [InlineData("{\"schema\":1,\"parts\":[null]}", "damaged")]
    [InlineData("{\"schema\":1,\"secrets\":[null]}", "damaged")]
    [InlineData("{\"schema\":1,\"devices\":[{\"name\":\"x\"}]}", "damaged")]
    [InlineData("{\"schema\":2,\"morgana\":\"9.0.0\"}", "newer Morgana (9.0.0")]
    public void A_manifest_that_cannot_be_right_is_refused(string json, string why) =>
        Assert.Contains(why, Assert.Throws<BuildException>(() => Manifest.Parse(Encoding.UTF8.GetBytes(json), "image")).Message);

    [Fact]
    public void An_image_says_by_a_note_that_it_has_files()
    {
        Assert.Null(Read(Elf(Note("Morgana", 2, []))));
        Assert.True(ManifestFile.HasFiles(_file));
        Read(Elf(Note("Morgana", 1, Encoding.ASCII.GetBytes(Whole))));
        Assert.False(ManifestFile.HasFiles(_file));
    }

    [Fact]
    public void What_is_neither_image_nor_assembly_says_so()
    {
        File.WriteAllText(_file, "hello");
        Assert.Contains("neither an image nor an assembly", Assert.Throws<BuildException>(() => ManifestFile.Read(_file)).Message);
    }

    [Fact]
    public void An_assembly_without_one_has_none() => Assert.Null(ManifestFile.Read(typeof(ManifestFileTests).Assembly.Location));

    private Manifest? Read(byte[] elf)
    {
        File.WriteAllBytes(_file, elf);
        return ManifestFile.Read(_file);
    }

    private static byte[] Note(string owner, uint type, ReadOnlySpan<byte> octets)
    {
        int name = owner.Length + 1;
        byte[] note = new byte[12 + Align(name) + Align(octets.Length)];
        BinaryPrimitives.WriteInt32LittleEndian(note, name);
        BinaryPrimitives.WriteInt32LittleEndian(note.AsSpan(4), octets.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(note.AsSpan(8), type);
        Encoding.ASCII.GetBytes(owner, note.AsSpan(12));
        octets.CopyTo(note.AsSpan(12 + Align(name)));
        return note;
    }

    private static int Align(int length) => (length + 3) & ~3;

    private static byte[] Elf(params byte[][] notes)
    {
        byte[] content = [.. notes.SelectMany(n => n)];
        byte[] elf = new byte[64 + 56 + content.Length];
        "\u007fELF"u8.CopyTo(elf);
        (elf[4], elf[5]) = (2, 1);
        BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(32), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(54), 56);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(56), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(elf.AsSpan(64), 4);
        BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(64 + 8), 64 + 56);
        BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(64 + 32), (ulong)content.Length);
        content.CopyTo(elf, 64 + 56);
        return elf;
    }
}
