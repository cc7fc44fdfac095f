using System.Text.RegularExpressions;
using Morgana.Build;
using Morgana.Cli.Tests.Images;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Files;

/// <summary>Programs that know nothing of Morgana, with files of .NET's own classes: on Linux's files, and as images on Morgana's.</summary>
public partial class FileTests
{
    // Built with these tests; .../bin/CONFIGURATION/net10.0/.
    private static readonly string s_configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    // Each stands in docs/any-program.md with its reason.
    private static readonly string[] s_exceptions =
    [
        "shut down for receiving, Send out of band to nobody",
        "unix shut down for receiving, Send out of band to nobody",
        "new Socket(Unix, Seqpacket, IP)",
        "option Socket ReceiveLowWater of tcp = -1",
    ];

    [Fact]
    public async Task Every_case_of_files_comes_to_the_same_as_on_Linux()
    {
        string folder = Directory.CreateTempSubdirectory("morgana-cases-").FullName;
        try
        {
            string[] expected = await CasesAsync(folder, "dotnet", Built("tests/Unikernels/FileCases"));
            string[] actual = await CasesAsync("/tmp/cases", await Image.OfAsync("tests/Unikernels/FileCases"));
            Assert.True(expected.Length > 900, $"Only {expected.Length} cases.");
            Assert.Empty(expected.Zip(actual).Where(p => p.First != p.Second).Select(p => $"\nLinux: {p.First}\nours:  {p.Second}"));
            Assert.Equal(expected.Length, actual.Length);
        }
        finally
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The same cases in a folder of the host's, and on a disk.</summary>
    [Theory, InlineData("host"), InlineData("disk:cases.img:64M")]
    public async Task Every_case_of_files_comes_to_the_same_on_what_is_mounted(string source)
    {
        // In memory, where there is such a place: files are made by the thousand.
        string folder = Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), "morgana-mount-" + Guid.NewGuid().ToString("n"));
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "host"));
            string[] expected = await CasesAsync(Path.Combine(folder, "cases"), "dotnet", Built("tests/Unikernels/FileCases"));
            var (status, output, error) = await MorganaCommand.RunAsync(new CommandSettings
            {
                Arguments = ["run", await Image.OfAsync("tests/Unikernels/FileCases"), "--net", "none", "--memory", "256M", "--mount", "/data=" + source, "--", "/data/cases-of-what-is-mounted"],
                Folder = folder,
            });
            Assert.True(status == 0, error);
            string[] actual = output.TrimEnd('\n').Split('\n');
            Assert.True(expected.Length > 900, $"Only {expected.Length} cases.");
            Assert.Empty(expected.Zip(actual).Where(p => p.First != p.Second).Select(p => $"\nLinux: {p.First}\nours:  {p.Second}"));
            Assert.Equal(expected.Length, actual.Length);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory, InlineData("process"), InlineData("sandbox"), InlineData("vm")]
    public async Task What_was_flushed_is_there_after_the_guest_was_killed(string target)
    {
        if (target == "sandbox" && !SandboxFactAttribute.IsPossible) return;
        if (target == "vm" && Toolchain.FindProgram("qemu-system-x86_64") is null) return;
        string folder = Directory.CreateTempSubdirectory("morgana-mount-").FullName;
        try
        {
            string image = await Image.OfAsync("tests/Unikernels/FileCases");
            string[] run = ["run", image, "--net", "none", "--target", target, .. target == "vm" ? ["--accel", "tcg"] : Array.Empty<string>(), "--mount", "/data=disk:keep.img:8M", "--"];
            int told = -1;
            for (int life = 1; life <= 2; life++)
            {
                using var appends = MorganaCommand.Start(new CommandSettings { Arguments = [.. run, "--append", "/data"], Folder = folder });
                told += 40;
                await appends.LineAsync($"flushed {told}");
                appends.SignalGroup(9);
                var (_, output, _) = await appends.EndAsync();
                // What was said last may be cut off.
                var numbers = output[..(output.LastIndexOf('\n') + 1)].Split('\n').Where(l => l.StartsWith("flushed ", StringComparison.Ordinal)).Select(l => int.Parse(l.AsSpan(8), System.Globalization.CultureInfo.InvariantCulture));
                told = Math.Max(told, numbers.Max());
                // The runner's end is the guest's, but not before: the disk is its own until then.
                string counted = await CountAsync([.. run, "--count", "/data"], folder);
                Assert.Matches("^[0-9]+ lines, in order: True, whole: True$", counted);
                int lines = int.Parse(counted[..counted.IndexOf(' ')], System.Globalization.CultureInfo.InvariantCulture);
                Assert.True(lines > told, $"{told} was told, and there are {lines} lines.");
                told = lines - 1;
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> CountAsync(string[] run, string folder)
    {
        while (true)
        {
            var (status, output, error) = await MorganaCommand.RunAsync(new CommandSettings { Arguments = run, Folder = folder });
            if (status == 0) return output.Replace("\r", "", StringComparison.Ordinal).TrimEnd('\n');
            Assert.Contains("is busy", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_cannot_be_mounted_is_said_before_the_program_begins()
    {
        string folder = Directory.CreateTempSubdirectory("morgana-mount-").FullName;
        try
        {
            string image = await Image.OfAsync("tests/Unikernels/FileCases");
            byte[] noise = new byte[1 << 20];
            new Random(1).NextBytes(noise);
            await File.WriteAllBytesAsync(Path.Combine(folder, "noise"), noise);
            Directory.CreateDirectory(Path.Combine(folder, "folder"));
            await RefusesAsync("disk:noise", 64, "morgana: --mount /data=disk:noise: The device does not hold a log store, or its first sectors are damaged.\n");
            await RefusesAsync("tar:noise", 64, "morgana: --mount /data=tar:noise: The archive is damaged near octet 0: a header's checksum does not match.\n");
            await RefusesAsync("disk:none", 1, "morgana: --mount /data=disk:none: there is no such file; to make one, say how large: --mount /data=disk:none:64M\n");
            await RefusesAsync("disk:folder", 1, "morgana: --mount /data=disk:folder is a folder: mount it as /data=folder\n");
            await RefusesAsync("noise", 1, "morgana: --mount /data=noise is a file: mount a folder, or a disk as /data=disk:noise, or an archive as /data=tar:noise\n");
            await RefusesAsync("none", 1, "morgana: --mount /data=none cannot be opened: No such file or directory\n");
            await RefusesAsync("disk:small:1M", 64, "morgana: --mount /data=disk:small: Files need a store for 1048576 octets at least; this one holds 458304.\n");

            async Task RefusesAsync(string source, int expected, string message)
            {
                var (status, output, error) = await MorganaCommand.RunAsync(new CommandSettings { Arguments = ["run", image, "--net", "none", "--mount", "/data=" + source, "--", "--count", "/data"], Folder = folder });
                Assert.Equal((expected, "", message), (status, output, error));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Under the JIT Morgana.SystemNative.Tests asks the same; here it is the linker that has put our functions in.
    [Fact]
    public async Task Every_case_of_sockets_comes_to_the_same_as_on_Linux()
    {
        string[] expected = await RunAsync("dotnet", Built("tests/Unikernels/FileCases"), "--sockets");
        string[] actual = await RunAsync("env", "MORGANA_DEVICES=", await Image.OfAsync("tests/Unikernels/FileCases"), "--sockets");
        Assert.True(expected.Length > 3000, $"Only {expected.Length} cases.");
        Assert.Empty(expected.Zip(actual).Where(p => p.First != p.Second && !p.First.EndsWith(": not asked", StringComparison.Ordinal) && !s_exceptions.Any(e => p.First.StartsWith(e + ": ", StringComparison.Ordinal))).Select(p => $"\nLinux: {p.First}\nours:  {p.Second}"));
        Assert.Equal(expected.Length, actual.Length);
    }

    [Fact]
    public async Task FileWalk_finds_in_its_image_what_lies_beside_it_on_disk()
    {
        string[] onDisk = await RunAsync("dotnet", Built("samples/FileWalk"));
        string[] inImage = await RunAsync(await Image.OfAsync("samples/FileWalk"));
        Assert.Equal(["A walk through the library", "library/poems/blake.txt: 2 lines, 58 octets"], onDisk[..2]);
        Assert.Equal("noted: 3 files in 1 file", onDisk[^2]);
        Assert.Equal(onDisk[..^1], inImage[..^1]);
        // What belongs to the image cannot change.
        Assert.Equal("settings.json cannot be written: IOException", inImage[^1]);
    }

    [NeedsFact("strace")]
    public async Task No_file_call_of_the_program_reaches_Linux()
    {
        string trace = Path.GetTempFileName();
        try
        {
            await MorganaCommand.RunProgramAsync("strace", "-f", "-e", "trace=%file", "-o", trace, await Image.OfAsync("samples/FileWalk"));
            string[] calls = [.. (await File.ReadAllLinesAsync(trace)).Where(l => Named().IsMatch(l)).Skip(1)];       // The first starts it.
            // What the runtime itself asks for as it starts, past the functions that are replaced.
            string[] runtimes = ["/proc/self/", "/proc/meminfo", "/sys/fs/cgroup", "/sys/devices/system/", "/dev/urandom"];
            Assert.NotEmpty(calls);
            Assert.DoesNotContain(calls, c => !runtimes.Any(r => Named().Match(c).Groups[1].Value.StartsWith(r, StringComparison.Ordinal)));
        }
        finally
        {
            File.Delete(trace);
        }
    }

    // The assembly: making an image takes away the program file beside it.
    private static string Built(string project) => Path.Combine(MorganaCommand.Root, project, "bin", s_configuration, "net9.0/linux-x64", Path.GetFileName(project) + ".dll");

    private static async Task<string[]> CasesAsync(string folder, params string[] command) => await RunAsync("sh", ["-c", "umask 022; MORGANA_DEVICES= exec \"$@\"", "sh", .. command, folder]);

    private static async Task<string[]> RunAsync(string program, params string[] arguments) =>
        (await MorganaCommand.RunProgramAsync(program, arguments)).TrimEnd('\n').Split('\n');

    /// <summary>A call with a path; one that only has a descriptor has an empty one.</summary>
    [GeneratedRegex("\"([^\"]+)\"")]
    private static partial Regex Named();
}
