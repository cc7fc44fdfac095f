using System.Diagnostics;
using System.Text.Json;
using System.Xml.Linq;

namespace Morgana.Integration.Tests;

/// <summary>The benchmark's script, in its smallest form. What it measures is not looked at.</summary>
public class BenchTests
{
    [Fact]
    public async Task The_benchmark_script_measures_and_draws()
    {
        string chart = Path.GetTempFileName();
        try
        {
            var (code, output, errors) = await RunAsync("bulk", "connect", "--jit", "--rounds=1", "--sample=1", "--json", "--svg=" + chart);
            Assert.True(code == 0, $"exit status {code}: {errors}{output}");
            var results = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l.StartsWith('{')).Select(l => JsonDocument.Parse(l).RootElement).ToArray();
            Assert.Equal(["cc64", "bulk", "connect-close"], results.Select(r => r.GetProperty("name").GetString()));
            Assert.All(results, r => Assert.True(r.GetProperty("value").GetDouble() > 0));
            Assert.All(results, r => Assert.NotEqual(0, r.GetProperty("samples").GetArrayLength()));
            Assert.All(results, r => Assert.True(r.GetProperty("ratio_cc64").GetDouble() > 0));
            var svg = XDocument.Load(chart);
            Assert.Equal("svg", svg.Root!.Name.LocalName);
            Assert.Contains(svg.Descendants(), e => e.Name.LocalName == "text" && e.Value == "connect-close");
        }
        finally
        {
            File.Delete(chart);
        }
    }

    [Fact]
    public async Task The_benchmark_script_says_which_benchmarks_there_are()
    {
        var (code, output, errors) = await RunAsync("no-such-thing", "--jit");
        Assert.Equal(64, code);
        Assert.DoesNotContain("cc64", output, StringComparison.Ordinal);
        Assert.Contains("ping-pong", errors, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", [Path.Combine(Root(), "bench", "run"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(4));      // It may have to build first, on a slow machine.
        await process.WaitForExitAsync(deadline.Token);
        return (process.ExitCode, await output, await errors);
    }

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Morgana.slnx"))) directory = directory.Parent!;
        return directory.FullName;
    }
}
