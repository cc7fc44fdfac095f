using System.Text.RegularExpressions;
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

    // Under the JIT Morgana.SystemNative.Tests asks the same; here it is the linker that has put our functions in.
    [Fact]
    public async Task Every_case_of_sockets_comes_to_the_same_as_on_Linux()
    {
        string[] expected = await RunAsync("dotnet", Built("tests/Unikernels/FileCases"), "--sockets");
        string[] actual = await RunAsync("env", "MORGANA_DEVICES=", await Image.OfAsync("tests/Unikernels/FileCases"), "--sockets");
        Assert.True(expected.Length > 3000, $"Only {expected.Length} cases.");
        Assert.Empty(expected.Zip(actual).Where(p => p.First != p.Second && !s_exceptions.Any(e => p.First.StartsWith(e + ": ", StringComparison.Ordinal))).Select(p => $"\nLinux: {p.First}\nours:  {p.Second}"));
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
