using System.Globalization;
using System.Net;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>Npgsql, unchanged, in images, against Debian's PostgreSQL on the host.</summary>
public sealed class PostgresTests
{
    private const string Cases = "tests/Programs/PostgresCases", Guests = "samples/Guests";

    // Built with these tests; .../bin/CONFIGURATION/net10.0/.
    private static readonly string s_configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    [PostgresFact]
    public async Task Every_case_of_a_database_comes_to_the_same_as_on_Linux()
    {
        using var postgres = await Postgres.StartAsync("cases");
        await CompareAsync(postgres, "10.0.2.2", [], [], "--publish", "0:80", "--allow-host");
    }

    // Rows by the ten thousand over such a line take their time.
    [PostgresFact(needsRoot: true), Trait("Category", "Long")]
    public async Task On_a_line_that_loses_and_reorders_a_database_gives_the_same_answers()
    {
        await using var line = await ImpairedLine.StartAsync(ImpairedLine.Bad, seed: 502);
        using var postgres = await Postgres.StartAsync("cases", line);
        await CompareAsync(postgres, ImpairedLine.LinuxAddress, line.Prefix, line.GuestPrefix, [.. ImpairedLine.GuestOptions]);
        line.AssertWasBad();
    }

    // Linux's program is beside the server, whatever line the guest has.
    private static async Task CompareAsync(Postgres postgres, string address, IReadOnlyList<string> prefix, IReadOnlyList<string> guestPrefix, params string[] options)
    {
        string port = postgres.Port.ToString(CultureInfo.InvariantCulture);
        string program = Path.Combine(MorganaCommand.Root, Cases, "bin", s_configuration, "net9.0", "PostgresCases.dll");
        string expected = await RunAsync(new CommandSettings { Program = "dotnet", Arguments = [program, postgres.Address, port], Prefix = prefix });
        Assert.Equal(24, expected.TrimEnd('\n').Split('\n').Length);
        Assert.Contains("TLS: true, TLSv1.3\n", expected, StringComparison.Ordinal);
        string image = await Image.OfAsync(Cases);
        Assert.Equal(expected, await RunAsync(new CommandSettings { Arguments = ["run", image, .. options, "--memory", "256M", "--", address, port], Prefix = guestPrefix }));
    }

    private static async Task<string> RunAsync(CommandSettings settings)
    {
        var (status, output, error) = await MorganaCommand.RunAsync(settings);
        Assert.True(status == 0, error);
        return output;
    }

    [PostgresFact]
    public async Task The_guests_stay_in_the_database_whoever_of_the_two_is_started_again()
    {
        using var postgres = await Postgres.StartAsync("guests");
        await using (var page = await Page.OpenAsync(postgres))
        {
            Assert.Contains("<h1>0 guests</h1>", await page.ReadAsync(), StringComparison.Ordinal);
            await Task.WhenAll(Enumerable.Range(0, 20).Select(i => page.SignAsync($"guest {i}")));
            await page.SignAsync("<Ada> & Löwe");
            string all = await page.ReadAsync();
            Assert.Contains("<h1>21 guests</h1>", all, StringComparison.Ordinal);
            Assert.Contains("<li>&lt;Ada&gt; &amp; L&#246;we, ", all, StringComparison.Ordinal);

            // Each connection of the pool finds out by itself that its server has gone; then they are new ones.
            await postgres.RestartAsync();
            string? answer = null;
            for (int tries = 0; tries < 100 && answer is null; tries++) answer = await page.TryReadAsync();
            Assert.Contains("<h1>21 guests</h1>", answer ?? "none of 100 answers", StringComparison.Ordinal);
        }

        await using var again = await Page.OpenAsync(postgres);
        await again.SignAsync("the last one");
        Assert.Contains("<h1>22 guests</h1>", await again.ReadAsync(), StringComparison.Ordinal);
    }

    private sealed class Page(MorganaCommand command, HttpClient client) : IAsyncDisposable
    {
        private const int Interrupt = 2;

        public static async Task<Page> OpenAsync(Postgres postgres)
        {
            string settings = $"ConnectionStrings__Guests=Host=10.0.2.2;Port={postgres.Port};Username=guests;Database=postgres";
            var command = MorganaCommand.Start("run", await Image.OfAsync(Guests), "--publish", "0:80", "--allow-host", "--env", settings);
            return new(command, new HttpClient { BaseAddress = new Uri($"http://localhost:{await command.PortAsync(80)}/"), Timeout = TimeSpan.FromMinutes(2) });
        }

        public Task<string> ReadAsync() => client.GetStringAsync("/");

        public async Task<string?> TryReadAsync()
        {
            using var answer = await client.GetAsync("/");
            return answer.StatusCode == HttpStatusCode.InternalServerError ? null : await answer.Content.ReadAsStringAsync();
        }

        public async Task SignAsync(string name)
        {
            // The answer leads back to the page.
            using var answer = await client.PostAsync("/", new FormUrlEncodedContent([new("name", name)]));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        public async ValueTask DisposeAsync()
        {
            client.Dispose();
            command.Signal(Interrupt);
            var (status, _, error) = await command.EndAsync();
            command.Dispose();
            Assert.True(status == 0, error);
        }
    }
}
