using System.Globalization;
using System.Security.Cryptography;
using DiskProbe;

namespace Morgana.Vm.Tests;

/// <summary>Disks of virtual machines, looked at from both sides.</summary>
public sealed class DiskTests : IDisposable
{
    private const int SectorCount = 256;
    private static string? s_probe;
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-disk-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [VmTheory, InlineData("microvm", 1), InlineData("q35", 2)]
    public async Task A_whole_disk_is_written_and_read_back_and_the_host_finds_the_same(string machine, int processors)
    {
        string disk = Path.Combine(_folder, "disk.img");
        var (status, output, error) = await MorganaCommand.RunAsync("run", "tests/Unikernels/DiskProbe", "--target", "vm", "--accel", "tcg", "--machine", machine,
            "--cpus", processors.ToString(CultureInfo.InvariantCulture), "--block", $"disk={disk}:4M");
        Assert.True(status == 0, $"{output}\n{error}");
        Assert.Contains("8192 sectors of 512: Durable, Discard, WriteZeroes", output, StringComparison.Ordinal);
        byte[] expected = new byte[4 << 20];
        Pattern.Fill(expected, 0, 0);
        Assert.Equal(SHA256.HashData(expected), SHA256.HashData(await File.ReadAllBytesAsync(disk)));
    }

    [VmFact]
    public async Task A_disk_that_can_only_be_read_is_not_written()
    {
        string disk = Path.Combine(_folder, "disk.img");
        await File.WriteAllBytesAsync(disk, new byte[1 << 20]);
        var (status, output, error) = await MorganaCommand.RunAsync("run", "tests/Unikernels/DiskProbe", "--target", "vm", "--accel", "tcg", "--block", $"disk={disk}:ro");
        Assert.True(status == 3, $"{output}\n{error}");
        Assert.Contains("ReadOnly: The block device can only be read.", output, StringComparison.Ordinal);
        Assert.All(await File.ReadAllBytesAsync(disk), o => Assert.Equal(0, o));
    }

    [VmFact]
    public async Task The_lottery_counts_its_boots_from_the_project_and_from_what_was_built()
    {
        string disk = Path.Combine(_folder, "lottery.img"), image = Path.Combine(_folder, "lottery.elf");
        Assert.Equal(0, (await MorganaCommand.RunAsync("build", "samples/Lottery", "--target", "vm", "-o", image)).Status);
        for (int boot = 1; boot <= 2; boot++)
        {
            var (status, output, error) = await MorganaCommand.RunAsync("run", boot == 1 ? "samples/Lottery" : image, "--target", "vm", "--accel", "tcg", "--block", $"disk={disk}:1M", "--", "--every=2");
            Assert.True(status == 0, error);
            Assert.Contains(boot == 2 ? "Boot 2 wins." : "Boot 1 does not win.", output, StringComparison.Ordinal);
        }
    }

    [VmFact]
    public async Task What_the_image_needs_is_looked_at_before_anything_starts()
    {
        string disk = Path.Combine(_folder, "disk.img");
        string[] run = ["run", "tests/Unikernels/DiskProbe", "--target", "vm"];
        var missing = await MorganaCommand.RunAsync(run);
        Assert.Equal((64, true), (missing.Status, missing.Error.Contains("needs the block device 'disk'", StringComparison.Ordinal)));

        await File.WriteAllBytesAsync(disk, new byte[4096]);
        var small = await MorganaCommand.RunAsync([.. run, "--block", $"disk={disk}:1M"]);
        Assert.Contains("too small", small.Error, StringComparison.Ordinal);

        using var held = File.OpenHandle(disk, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        var busy = await MorganaCommand.RunAsync([.. run, "--block", $"disk={disk}"]);
        Assert.Contains("busy", busy.Error, StringComparison.Ordinal);
    }

    // The power fails in the middle of a round, at the first, and later.
    [VmTheory, InlineData(0), InlineData(7)]
    public async Task What_was_flushed_survives_a_power_cut(int flushes)
    {
        const int inFlight = 9;
        byte[] durable = new byte[SectorCount * Pattern.SectorSize];
        int said, lost;
        await using (var server = new NbdServer(Path.Combine(_folder, "nbd"), durable, (done, open) => done == flushes && open == inFlight))
        {
            var (status, console) = await BootAsync("--rounds=100");
            Assert.True(status == 3, console);
            said = console.Split('\n').Count(l => l.StartsWith("flushed", StringComparison.Ordinal));
            Assert.Equal(flushes, server.Flushes);
            lost = server.LosePower();
        }

        // The guest says that a round is flushed when it is, and not before; and the cut has cost something.
        Assert.Equal(flushes, said);
        Assert.Equal(inFlight / 2, lost);
        Assert.Equal(inFlight - lost, Pattern.Round(flushes + 1, SectorCount).Count(s => Holds(durable, (int)s, flushes + 1)));
        for (int sector = 0; sector < SectorCount; sector++)
            Assert.True(Holds(durable, sector, LastRound(sector, flushes)) || Holds(durable, sector, LastRound(sector, flushes + 1)), $"sector {sector} holds neither what was flushed nor what was written after it");
    }

    // The last of so many rounds that has written a sector; 0 if none has.
    private static int LastRound(long sector, int rounds) => Enumerable.Range(1, rounds).LastOrDefault(r => Pattern.Round(r, SectorCount).Contains(sector));

    private static bool Holds(byte[] disk, int sector, int generation)
    {
        byte[] expected = new byte[Pattern.SectorSize];
        if (generation > 0) Pattern.Fill(expected, sector, generation);
        return disk.AsSpan(sector * Pattern.SectorSize, Pattern.SectorSize).SequenceEqual(expected);
    }

    private async Task<(int Status, string Console)> BootAsync(string arguments)
    {
        if (s_probe is null)
        {
            string image = Path.Combine(Directory.CreateDirectory(Path.Combine(MorganaCommand.Root, "tests/Unikernels/DiskProbe/obj")).FullName, "probe.elf");
            var (status, _, error) = await MorganaCommand.RunAsync("build", "tests/Unikernels/DiskProbe", "--target", "vm", "-o", image);
            Assert.True(status == 0, error);
            s_probe = image;
        }

        return await VirtualMachine.BootAsync(s_probe, $"MORGANA_DEVICES=disk=virtio,uio=0 MORGANA_MEMORY=33554432 DOTNET_GCHeapHardLimit=a00000 -- {arguments}", 32,
            "-drive", $"if=none,id=disk0,format=raw,file=nbd+unix:///?socket={Path.Combine(_folder, "nbd")},cache=writeback,werror=report,rerror=report",
            "-device", "virtio-blk-device,drive=disk0");
    }
}
