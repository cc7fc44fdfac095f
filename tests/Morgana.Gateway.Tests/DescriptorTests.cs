using System.Diagnostics;

namespace Morgana.Gateway.Tests;

public class DescriptorTests
{
    [Fact]
    public async Task Without_descriptors_connections_fail_are_counted_and_work_again_later()
    {
        // The limit is a process's: this one has other tests to run.
        using var limit = new CancellationTokenSource(GuestNetwork.Patience);
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["exec", typeof(DescriptorTests).Assembly.Location, "few-descriptors"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["DOTNET_TieredCompilation"] = "0" },       // Whose threads come and go.
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var complaint = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        Assert.True(process.ExitCode == 0, $"It ended with {process.ExitCode}: {await output}{await complaint}");
    }
}
