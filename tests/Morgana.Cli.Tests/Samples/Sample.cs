using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Samples;

/// <summary>A sample as <c>dotnet run</c> starts it: under the JIT, with its network in its own process.</summary>
internal static class Sample
{
    // .../bin/CONFIGURATION/net10.0/: the samples were built the same way as these tests.
    private static readonly string s_configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    public static MorganaCommand Start(string name, params string[] arguments) => StartOn(null, name, arguments);

    public static async Task<(int Status, string Output, string Error)> RunAsync(string name, params string[] arguments)
    {
        using var sample = Start(name, arguments);
        return await sample.EndAsync();
    }

    /// <summary>With what a runner would have attached.</summary>
    public static async Task<(int Status, string Output, string Error)> RunOnAsync(string devices, string name, params string[] arguments)
    {
        using var sample = StartOn(devices, name, arguments);
        return await sample.EndAsync();
    }

    /// <summary>With an environment of the test's.</summary>
    public static MorganaCommand StartWith(Dictionary<string, string?> environment, string name, params string[] arguments) => MorganaCommand.Start(new CommandSettings
    {
        Program = Path.Combine(MorganaCommand.Root, "samples", name, "bin", s_configuration, "net9.0/linux-x64", name),
        Arguments = arguments,
        Environment = environment,
    });

    // A free port of the host, so that no two guests want the same.
    private static MorganaCommand StartOn(string? devices, string name, string[] arguments) =>
        StartWith(new() { ["MORGANA_PUBLISH"] = "0:80", ["MORGANA_DEVICES"] = devices }, name, arguments);
}
