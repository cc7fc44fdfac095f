using System.Diagnostics;

namespace Morgana.SystemNative.Tests.Differential;

/// <summary>One program's calls of .NET's sockets, in every state, on Linux's own sockets and on ours: it must print the same.</summary>
public class SocketCaseTests
{
    // Each stands in docs/any-program.md with its reason.
    private static readonly string[] s_exceptions =
    [
        "shut down for receiving, Send out of band to nobody",
        "unix shut down for receiving, Send out of band to nobody",
        "new Socket(Unix, Seqpacket, IP)",
        "option Socket ReceiveLowWater of tcp = -1",
    ];

    [Fact]
    public async Task Sockets_answer_as_Linuxs_do_in_every_state()
    {
        var folder = Directory.CreateTempSubdirectory("morgana-sockets-");
        try
        {
            var linux = await RunAsync();
            var ours = await RunAsync("--ours", folder.FullName);
            Assert.True(linux.Length >= 4000, $"Only {linux.Length} cases were run.");
            Assert.DoesNotContain(ours, line => line.EndsWith(": hangs", StringComparison.Ordinal));
            Assert.Equal(linux.Select(Name), ours.Select(Name));
            // What an older Linux does not know is not asked there.
            var different = linux.Zip(ours).Where(pair => pair.First != pair.Second && !pair.First.EndsWith(": not asked", StringComparison.Ordinal) && !s_exceptions.Contains(Name(pair.First))).ToArray();
            Assert.True(different.Length == 0, string.Join('\n', different.Select(pair => $"Linux: {pair.First}\nours:  {pair.Second}")));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Where_there_are_no_more_descriptors_sockets_answer_as_Linuxs_do()
    {
        var folder = Directory.CreateTempSubdirectory("morgana-sockets-");
        try
        {
            // Linux's limit is set low; ours is its own, 65,536.
            var linux = await StartAsync("bash", "-c", "ulimit -n 400 && exec \"$@\"", "bash", "dotnet", ProgramFile.Find("SocketCases"), "--limits");
            var ours = await RunAsync("--ours", folder.FullName, "--limits");
            Assert.Contains("TooManyOpenSockets", Assert.Single(linux), StringComparison.Ordinal);
            Assert.Equal(linux, ours);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Dotnets_sockets_and_our_own_interface_are_one_host()
    {
        var folder = Directory.CreateTempSubdirectory("morgana-sockets-");
        try
        {
            string[] expected =
            [
                "the other host: served by the other host",
                "itself: served directly",
                "a port that is taken the other way: SocketException AddressAlreadyInUse 98 Address already in use",
                "from the other host to an ordinary socket: 10.0.0.2",
                "interfaces: lo net0",
                "ping: Success 10.0.0.2 32",
                "from the other host to a group: 10.0.0.2:7702 a word",
                "from an ordinary socket to a group: 10.0.0.1:7701 another word",
            ];
            Assert.Equal(expected, await RunAsync("--both", folder.FullName));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Name(string line) => line[..line.IndexOf(": ", StringComparison.Ordinal)];

    private static Task<string[]> RunAsync(params string[] arguments) => StartAsync("dotnet", [ProgramFile.Find("SocketCases"), .. arguments]);

    private static async Task<string[]> StartAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"SocketCases ended with {process.ExitCode}: {await errors}");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
