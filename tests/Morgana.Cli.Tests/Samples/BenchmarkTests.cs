using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Samples;

/// <summary>The samples that measure, as processes: what they print of time is not looked at.</summary>
public class BenchmarkTests
{
    private const int Interrupt = 2;

    [Fact]
    public async Task A_disk_in_memory_is_measured()
    {
        var (status, output, error) = await Sample.RunOnAsync("disk=memory,size=1M", "DiskBenchmark", "--overwrite", "--requests=4K,64K");
        Assert.Equal((0, ""), (status, error));
        string[] lines = output.TrimEnd().Split('\n');
        Assert.Equal("1M, sectors of 512, 1 at once, reading and writing", lines[0]);
        Assert.Equal(2 + (2 * 5), lines.Length);
    }

    [Fact]
    public async Task Two_processes_measure_each_other_through_the_host()
    {
        using var server = Sample.StartWith(new() { ["MORGANA_PUBLISH"] = "0:7;0:9;0:19" }, "NetworkBenchmark");
        int echo = await server.PortAsync(7), discard = await server.PortAsync(9), generate = await server.PortAsync(19);
        using var client = Sample.StartWith(
            new() { ["MORGANA_PUBLISH"] = ";", ["MORGANA_ALLOW_HOST"] = "1" }, "NetworkBenchmark",
            "--role=client", $"--echo={echo}", $"--discard={discard}", $"--generate={generate}", "--amount=4M", "--requests=50", "--limit=4m", "--connections=2");
        var (status, output, error) = await client.EndAsync();
        Assert.Equal((0, ""), (status, error));
        string[] lines = output.TrimEnd().Split('\n');
        Assert.Equal("10.0.2.2, 2 connections", lines[0]);
        Assert.StartsWith("send          4194304 octets ", lines[1]);
        Assert.StartsWith("receive  ", lines[2]);
        Assert.StartsWith("echo               50 x 64 octets, ", lines[3]);
        server.Signal(Interrupt);
        Assert.Equal(0, (await server.EndAsync()).Status);
    }
}
