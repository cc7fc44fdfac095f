using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
namespace Morgana.Cli.Tests.Running;

/// <summary>The Website as it is meant to run: its image, behind the gateway.</summary>
public class WebsiteTests(WebsiteImage image) : IClassFixture<WebsiteImage>
{
    private const int Interrupt = 2, Terminate = 15;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData(Interrupt)]
    [InlineData(Terminate)]
    public async Task It_serves_both_versions_and_stops_with_connections_open(int signal)
    {
        using var command = Start();
        var address = await AddressAsync(command);
        using var silent = new TcpClient("127.0.0.1", address.Port);
        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20 })
        {
            using var client = new HttpClient { BaseAddress = address, DefaultRequestVersion = version, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact, Timeout = Limit };
            using var page = await client.GetAsync("/");
            Assert.Equal((HttpStatusCode.OK, version), (page.StatusCode, page.Version));
            Assert.Contains("The operating system is a library.", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        command.Signal(signal);
        var (status, output, error) = await command.EndAsync();
        Assert.Equal((0, ""), (status, error));
        // One line when it starts, none for a request.
        Assert.Single(output.Split('\n', StringSplitOptions.RemoveEmptyEntries), l => l.Contains("serving HTTP/1.1 and HTTP/2 at 10.0.2.15 port 80", StringComparison.Ordinal));
        Assert.DoesNotContain("GET", output, StringComparison.Ordinal);
    }

    [LoadFact]
    public async Task Thirty_two_megabytes_hold_under_256_connections()
    {
        using var command = Start("--memory", "32M");
        var address = await AddressAsync(command);
        // Only what is answered counts here, not how fast.
        using var wrk = Process.Start(new ProcessStartInfo("wrk", ["-t1", "-c256", "-d4s", "--timeout", "120s", address.ToString()]) { RedirectStandardOutput = true })!;
        string report = await wrk.StandardOutput.ReadToEndAsync().WaitAsync(Limit);
        await wrk.WaitForExitAsync();
        Assert.Contains("Requests/sec", report, StringComparison.Ordinal);
        Assert.DoesNotContain("Socket errors", report, StringComparison.Ordinal);
        Assert.DoesNotContain("Non-2xx", report, StringComparison.Ordinal);

        using var client = new HttpClient { BaseAddress = address, Timeout = Limit };
        Assert.Contains("morgana_http_connections_refused_total 0\n", await client.GetStringAsync("/metrics"), StringComparison.Ordinal);
        command.Signal(Interrupt);
        var (status, _, error) = await command.EndAsync();
        Assert.Equal((0, ""), (status, error));
    }

    [LoadFact]
    public async Task Thirty_two_megabytes_hold_against_more_connections_than_there_is_room_for()
    {
        byte[] newer = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0"u8.ToArray();
        byte[] half = "POST / HTTP/1.1\r\nHost: x\r\nX: "u8.ToArray();
        using var command = Start("--memory", "32M");
        var address = await AddressAsync(command);
        foreach (byte[] begun in new[] { newer, half })
        {
            var held = new List<Socket>();
            for (int i = 0; i < 900; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                held.Add(socket);
                try
                {
                    await socket.ConnectAsync(IPAddress.Loopback, address.Port);
                    await socket.SendAsync(begun);
                }
                catch (SocketException)
                {
                    // Refused, as it is to be.
                }
            }

            foreach (var socket in held) socket.Dispose();
        }

        // Those that were let in are given up one by one; then there is room again.
        using var client = new HttpClient { BaseAddress = address, Timeout = Limit };
        string metrics = "";
        using var limit = new CancellationTokenSource(Limit);
        while (!metrics.Contains("morgana_http_connections 1\n", StringComparison.Ordinal))
        {
            Assert.False(limit.IsCancellationRequested, metrics);
            try
            {
                metrics = await client.GetStringAsync("/metrics", limit.Token);
            }
            catch (HttpRequestException)
            {
                // Refused still.
            }
        }

        Assert.DoesNotContain("morgana_http_connections_refused_total 0\n", metrics, StringComparison.Ordinal);
        command.Signal(Interrupt);
        var (status, _, error) = await command.EndAsync();
        Assert.Equal((0, ""), (status, error));
    }

    [Fact]
    public async Task An_image_without_a_runner_says_in_one_line_how_to_run_it() =>
        Assert.Equal((64, "", "website: an image gets its devices from a runner: start it with 'morgana run IMAGE'.\n"), await RunAloneAsync());

    [Theory]
    [InlineData("--prot=81", "website: there is no boot argument --prot. See --help.\n")]
    [InlineData("--port=0", "website: --port=0: expected a port from 1 to 65535.\n")]
    [InlineData("--port=", "website: --port is empty: expected PORT.\n")]
    [InlineData("--log=lo\nud", "website: --log=lo ud: 'lo ud' is not trace, debug, info, warn, error or none.\n")]
    [InlineData("81", "website: '81' is no boot argument; they look like --name=value. See --help.\n")]
    public async Task A_wrong_boot_argument_is_one_line_and_status_64(string argument, string message)
    {
        Assert.Equal((64, "", message), await RunAloneAsync(argument));
        var (status, _, error) = await MorganaCommand.RunAsync("run", image.Path, "--publish", "127.0.0.1:0:80", "--", argument);
        Assert.Equal((64, message), (status, error));
    }

    private static async Task<Uri> AddressAsync(MorganaCommand command) => new($"http://127.0.0.1:{await command.PortAsync(80)}/");

    private MorganaCommand Start(params string[] options) => MorganaCommand.Start(["run", image.Path, "--publish", "127.0.0.1:0:80", .. options]);

    private Task<(int Status, string Output, string Error)> RunAloneAsync(params string[] arguments) =>
        MorganaCommand.RunAsync(new CommandSettings { Program = image.Path, Arguments = arguments });
}
