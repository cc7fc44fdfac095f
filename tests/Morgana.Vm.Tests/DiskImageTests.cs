using System.Buffers.Binary;
using System.Text;
using Morgana.Build;

namespace Morgana.Vm.Tests;

/// <summary>Disks that a BIOS boots: what lies on them, and that they do.</summary>
public sealed class DiskImageTests : IDisposable
{
    private const int Unfit = 78;
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-vm-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_disk_has_the_image_as_it_is_a_table_of_its_pieces_and_a_command_line()
    {
        string image = Image(), disk = Path.Combine(_folder, "disk");
        DiskImage.Create(image, Write("loader", Loader()), "A=b -- c", disk);
        byte[] octets = File.ReadAllBytes(disk);

        Assert.Equal(4 << 20, octets.Length);
        Assert.True(DiskImage.IsOne(disk));
        Assert.False(DiskImage.IsOne(image));
        Assert.Equal(File.ReadAllBytes(image), DiskImage.ReadImage(disk));
        Assert.Equal("A=b -- c", DiskImage.ReadCommandLine(disk));
        // The kernel: 0x100 octets at 0x1000 of the image, 0x1800 in memory at 1 MB. Behind it the application, of 5000 octets.
        uint[] table = [.. Enumerable.Range(0, 12).Select(i => BinaryPrimitives.ReadUInt32LittleEndian(octets.AsSpan(512 + 16 + (i * 4))))];
        Assert.Equal([0x10_0000, 0x10_2000 + 5000, 2, (uint)new FileInfo(image).Length, (8192 + 0x1000) / 512, 0x100, 0x10_0000, 0x1800, (8192 + 0x2000) / 512, 5000, 0x10_2000, 5000], table);
        // One active partition over all but the first sector.
        Assert.Equal((0x80, 1U, (4U << 20 >> 9) - 1), (octets[446], BinaryPrimitives.ReadUInt32LittleEndian(octets.AsSpan(454)), BinaryPrimitives.ReadUInt32LittleEndian(octets.AsSpan(458))));
        Assert.Equal((0x55, 0xaa), (octets[510], octets[511]));

        string copy = Path.Combine(_folder, "copy");
        DiskImage.Copy(disk, "-- other", copy);
        Assert.Equal("-- other", DiskImage.ReadCommandLine(copy));
        Assert.Equal(DiskImage.ReadImage(disk), DiskImage.ReadImage(copy));
    }

    [Fact]
    public void A_loader_of_another_version_and_a_line_that_is_too_long_are_refused()
    {
        string image = Image(), disk = Path.Combine(_folder, "disk");
        Assert.Throws<BuildException>(() => DiskImage.Create(image, Write("loader", new byte[2048]), "", disk));
        Assert.Throws<BuildException>(() => DiskImage.Create(image, Write("loader", Loader()), new string('x', 4096), disk));
        Assert.False(File.Exists(disk));
    }

    // Each of the ways in which SeaBIOS reads: SATA, IDE, virtio.
    [VmTheory, InlineData("q35", "ide"), InlineData("q35", "virtio"), InlineData("pc", "ide")]
    public async Task A_disk_boots_by_BIOS(string machine, string drive)
    {
        const int expected = 77;
        string disk = Path.Combine(_folder, "disk");
        DiskImage.Create(await VirtualMachine.NoopAsync(), VirtualMachine.Loader, $"DOTNET_GCHeapHardLimit=800000 -- {expected}", disk);
        var (status, console) = await VirtualMachine.RunAsync(64 * 1024, "-M", machine, "-drive", $"if={drive},format=raw,file={disk}");
        Assert.True(status == expected, $"{status}: {console}");
    }

    [VmFact]
    public async Task A_disk_in_a_machine_that_is_too_small_says_so()
    {
        string disk = Path.Combine(_folder, "disk");
        DiskImage.Create(await VirtualMachine.NoopAsync(), VirtualMachine.Loader, "", disk);
        var (status, console) = await VirtualMachine.RunAsync(3 * 1024, "-M", "q35", "-drive", $"format=raw,file={disk}");
        Assert.Equal(Unfit, status);
        Assert.Contains("loader: this machine has too little memory", console, StringComparison.Ordinal);
    }

    [VmFact]
    public async Task A_disk_is_built_inspected_and_run_by_the_command()
    {
        string disk = Path.Combine(_folder, "noop.img");
        var (status, _, error) = await MorganaCommand.RunAsync("build", "samples/Noop", "--target", "vm", "--format", "disk", "-o", disk, "--", "5");
        Assert.True(status == 0, error);
        byte[] before = await File.ReadAllBytesAsync(disk);

        var (_, facts, _) = await MorganaCommand.RunAsync("inspect", disk);
        Assert.Contains("a disk that a PC's BIOS boots", facts, StringComparison.Ordinal);
        Assert.Contains("-- 5", facts, StringComparison.Ordinal);
        Assert.Contains("rt_sigreturn", facts, StringComparison.Ordinal);

        // Its own arguments stay where they are: those of this run go onto a copy.
        (status, _, error) = await MorganaCommand.RunAsync("run", disk, "--accel", "tcg", "--net", "none", "--", "201");
        Assert.True(status == 201, error);
        Assert.Equal(before, await File.ReadAllBytesAsync(disk));
    }

    /// <summary>What is looked at of a loader, without one.</summary>
    internal static byte[] Loader()
    {
        byte[] loader = new byte[2048];
        (loader[510], loader[511]) = (0x55, 0xaa);
        Encoding.ASCII.GetBytes("Morgana disk at:").CopyTo(loader, 512);
        return loader;
    }

    private string Image()
    {
        string image = Path.Combine(_folder, "image");
        VirtualMachineImage.Create(Write("kernel", CommandTests.Kernel()), Write("application", CommandTests.Application()), image);
        return image;
    }

    private string Write(string name, byte[] octets)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, octets);
        return path;
    }
}
