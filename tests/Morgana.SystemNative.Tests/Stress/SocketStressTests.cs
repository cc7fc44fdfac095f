using System.Diagnostics;

namespace Morgana.SystemNative.Tests.Stress;

/// <summary>Sockets that are used, reset, cancelled and forgotten while the collector runs all the time: everything comes back as it was sent, and nothing is left.</summary>
public class SocketStressTests
{
    [Fact]
    public Task Nothing_is_lost_and_nothing_is_left_while_everything_is_collected() => RunAsync(1000, seed: 1);

    [Fact, Trait("Category", "Long")]
    public async Task Nothing_is_lost_and_nothing_is_left_of_a_hundred_thousand_sockets()
    {
        for (int seed = 2; seed < 7; seed++) await RunAsync(20_000, seed);
    }

    private static async Task RunAsync(int sockets, int seed)
    {
        var folder = Directory.CreateTempSubdirectory("morgana-stress-");
        try
        {
            var start = new ProcessStartInfo("dotnet", [ProgramFile.Find("SocketStress"), "--substitute", folder.FullName, $"{sockets}", $"{seed}"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            string output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode == 0, $"seed {seed}: SocketStress ended with {process.ExitCode}:\n{output}{await errors}");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
