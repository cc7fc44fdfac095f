using System.Globalization;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>Npgsql, unchanged, in images, against Debian's PostgreSQL on the host.</summary>
public sealed class PostgresTests
{
    private const string Cases = "tests/Programs/PostgresCases";

    // Built with these tests; .../bin/CONFIGURATION/net10.0/.
    private static readonly string s_configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    [PostgresFact]
    public async Task Every_case_of_a_database_comes_to_the_same_as_on_Linux()
    {
        using var postgres = await Postgres.StartAsync("cases");
        string port = postgres.Port.ToString(CultureInfo.InvariantCulture);
        string program = Path.Combine(MorganaCommand.Root, Cases, "bin", s_configuration, "net9.0", "PostgresCases.dll");
        string expected = await MorganaCommand.RunProgramAsync("dotnet", program, "127.0.0.1", port);
        Assert.Equal(24, expected.TrimEnd('\n').Split('\n').Length);
        Assert.Contains("TLS: true, TLSv1.3\n", expected, StringComparison.Ordinal);
        var (status, output, error) = await MorganaCommand.RunAsync("run", await Image.OfAsync(Cases), "--publish", "0:80", "--allow-host", "--memory", "256M", "--", "10.0.2.2", port);
        Assert.True(status == 0, error);
        Assert.Equal(expected, output);
    }
}
