using Morgana.Build;

namespace Morgana.Vm.Tests;

/// <summary>The same image on a stock Linux: its archive, and with --long the machine itself, whose Linux does not come up every time.</summary>
public class LinuxVmTests
{
    [Fact]
    public void An_archive_holds_what_was_added_and_nothing_of_the_host()
    {
        byte[] first = Archive(), second = Archive();
        Assert.Equal(first, second);
        Assert.Equal(0, first.Length % 512);
        Assert.Equal(
            [("dev", 0x41ed, "", 0, 0), ("dev/console", 0x2180, "", 5, 1), ("init", 0x81ed, "abcde", 0, 0), ("empty", 0x81ed, "", 0, 0), ("TRAILER!!!", 0, "", 0, 0)],
            Entries(first));
    }

    [VmFact]
    public async Task An_archive_names_all_that_the_first_process_opens()
    {
        string folder = Directory.CreateTempSubdirectory("morgana-linux-").FullName;
        try
        {
            string[] modules = ["virtio_ring", "virtio", "virtio_mmio", "failover", "net_failover", "virtio_net", "virtio_blk"];
            foreach (string module in modules) await File.WriteAllTextAsync(Path.Combine(folder, module + ".ko"), module);
            string application = Path.Combine(folder, "application"), archive = Path.Combine(folder, "archive");
            await File.WriteAllTextAsync(application, "the image");
            await LinuxVmImage.CreateAsync(new(application, folder), application, ["A=1", "B=2"], ["--x", "y"], hasNetwork: true, disks: 2, isPci: false, archive, CancellationToken.None);
            var entries = Entries(await File.ReadAllBytesAsync(archive)).ToDictionary(e => e.Name, e => e.Content);
            // init.c: n is the link, a digit a disk.
            Assert.Equal("n01", entries["devices"]);
            Assert.Equal("A=1\0B=2\0\0/image\0--x\0y\0\0", entries["words"]);
            Assert.Equal("the image", entries["image"]);
            Assert.Equal(modules, entries.Where(e => e.Key.StartsWith("modules/", StringComparison.Ordinal)).OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => e.Value));
            Assert.StartsWith("\u007fELF", entries["init"], StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // The table of figures boots both sides by itself, to measure no runner: with what the command says they are to be told.
    [LinuxVmFact, Trait("Category", "Long")]
    public async Task The_bench_boots_both_sides_with_their_network()
    {
        string output = await MorganaCommand.RunProgramAsync(Path.Combine(MorganaCommand.Root, "bench/vm"), "--only", "sample", "--rounds", "1");
        string[] rows = output.Split('\n');
        // A Linux on microvm does not come up every time.
        Assert.DoesNotContain(rows, row => row.Contains("microvm", StringComparison.Ordinal) && row.Contains("| ran | not once |", StringComparison.Ordinal));
        Assert.Equal(3, rows.Single(row => row.Contains("q35", StringComparison.Ordinal)).Split(" ms (").Length);
    }

    [LinuxVmFact, Trait("Category", "Long")]
    public async Task An_image_ends_with_its_own_status()
    {
        var (status, _, error) = await MorganaCommand.RunAsync("run", "samples/Noop", "--target", "linux-vm", "--net", "none", "--accel", "tcg", "--machine", "q35", "--", "201");
        Assert.True(status == 201, error);
    }

    [LinuxVmFact, Trait("Category", "Long")]
    public async Task The_lottery_counts_its_boots_on_a_disk_that_both_machines_know()
    {
        string folder = Directory.CreateTempSubdirectory("morgana-linux-").FullName;
        try
        {
            foreach (var (boot, target) in ((int, string)[])[(1, "linux-vm"), (2, "vm"), (3, "linux-vm")])
            {
                var (status, output, error) = await MorganaCommand.RunAsync("run", "samples/Lottery", "--target", target, "--accel", "tcg", "--machine", "q35", "--block", $"disk={folder}/disk.img:1M", "--", "--every=2");
                Assert.True(status == 0, error);
                Assert.Contains(boot == 2 ? "Boot 2 wins." : $"Boot {boot} does not win.", output, StringComparison.Ordinal);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [LinuxVmFact, Trait("Category", "Long")]
    public async Task The_website_is_served_through_a_packet_socket()
    {
        using var command = MorganaCommand.Start("run", "unikernels/Website", "--target", "linux-vm", "--accel", "tcg", "--machine", "q35", "--publish", "0:80");
        int port = await command.PortAsync(80);
        using var client = new HttpClient { Timeout = TimeSpan.FromMinutes(1) };
        Assert.Contains("<html", await client.GetStringAsync($"http://localhost:{port}/"), StringComparison.OrdinalIgnoreCase);
        command.SignalGroup(2);
        var (status, _, error) = await command.EndAsync();
        Assert.True(status == 0, error);
    }

    private static byte[] Archive()
    {
        var stream = new MemoryStream();
        using (var archive = new InitialRamArchive(stream))
        {
            archive.AddFolder("dev");
            archive.AddDevice("dev/console", 5, 1);
            archive.AddFile("init", "abcde"u8);
            archive.AddFile("empty", []);
        }

        return stream.ToArray();
    }

    // As Linux reads it: a header of hexadecimal fields, the name, the content; the latter two begin at multiples of four.
    private static List<(string Name, int Mode, string Content, int Major, int Minor)> Entries(byte[] archive)
    {
        var entries = new List<(string, int, string, int, int)>();
        for (int at = 0; ;)
        {
            Assert.Equal("070701", Text(at, 6));
            int size = Field(6), nameLength = Field(11), content = (at + 110 + nameLength + 3) & -4;
            string name = Text(at + 110, nameLength - 1);
            entries.Add((name, Field(1), Text(content, size), Field(9), Field(10)));
            if (name == "TRAILER!!!") return entries;
            at = (content + size + 3) & -4;

            int Field(int number) => Convert.ToInt32(Text(at + 6 + (number * 8), 8), 16);
        }

        string Text(int from, int length) => System.Text.Encoding.UTF8.GetString(archive, from, length);
    }

    private sealed class LinuxVmFactAttribute : FactAttribute
    {
        public LinuxVmFactAttribute() => Skip = Need.Missing
            ?? (LinuxKernel.Find() is null ? "needs Debian's cloud kernel: run any image once with --target linux-vm, which fetches it"
            : Environment.GetEnvironmentVariable("MORGANA_LONG") is not "1" ? "takes long: ./test --long" : null);
    }
}
