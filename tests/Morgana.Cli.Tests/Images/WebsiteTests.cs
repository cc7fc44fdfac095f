using System.Net;
using System.Net.Sockets;
using Morgana.Cli.Running;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>The Website, run as a user runs it: one image, made once.</summary>
public class WebsiteTests
{
    private const string Website = "unikernels/Website";
    private const int Interrupt = 2, Abort = 6;

    [NeedsTheory("curl", "setpriv")]
    [InlineData(null)]                      // an account without a home
    [InlineData("/nonexistent")]            // or one that is not there
    [InlineData("/usr")]                    // or one that may not be written
    public async Task An_unprivileged_user_serves_the_site(string? home)
    {
        await Image.OfAsync(Website);       // So that there is nothing to build, in a folder that nobody else may write.
        using var command = MorganaCommand.Start(new CommandSettings
        {
            IsUnprivileged = true,
            Arguments = ["run", Website, "--publish", "0:80"],
            Environment = new Dictionary<string, string?> { ["HOME"] = home },
        });
        int port = await command.PortAsync(80);
        Assert.Contains("<title>", await CurlAsync($"http://localhost:{port}/"), StringComparison.Ordinal);
        await StopAsync(command, Interrupt);
    }

    [NeedsFact("curl")]
    public async Task Curl_gets_the_same_page_by_HTTP_1_and_2_through_two_published_ports()
    {
        using var command = MorganaCommand.Start("run", await Image.OfAsync(Website), "--publish", "0:80", "--publish", "127.0.0.1:0:80/tcp");
        int first = await command.PortAsync(80), second = await command.PortAsync(80);
        Assert.NotEqual(first, second);

        string one = await CurlAsync("--http1.1", "-w", "%{http_version} %{http_code}", $"http://localhost:{first}/");
        string two = await CurlAsync("--http2-prior-knowledge", "-w", "%{http_version} %{http_code}", $"http://localhost:{second}/");
        Assert.EndsWith("1.1 200", one, StringComparison.Ordinal);
        Assert.EndsWith("2 200", two, StringComparison.Ordinal);
        Assert.Equal(one[..^"1.1 200".Length], two[..^"2 200".Length]);
        await StopAsync(command, Libc.Terminate);
    }

    [NeedsFact("curl", "tshark")]
    public async Task A_capture_holds_the_exchange_and_no_malformed_frame()
    {
        string folder = Directory.CreateTempSubdirectory("morgana-capture-").FullName;
        try
        {
            string file = Path.Combine(folder, "site.pcapng");
            using var command = MorganaCommand.Start("run", await Image.OfAsync(Website), "--publish", "0:80", "--capture", file);
            await CurlAsync($"http://localhost:{await command.PortAsync(80)}/logo.svg");
            await StopAsync(command, Interrupt);

            string frames = await MorganaCommand.RunProgramAsync("tshark", "-r", file, "-T", "fields", "-e", "frame.number", "-e", "http.request.uri", "-e", "http.response.code");
            Assert.Contains("/logo.svg", frames, StringComparison.Ordinal);
            Assert.Contains("200", frames, StringComparison.Ordinal);
            Assert.Equal("", await MorganaCommand.RunProgramAsync("tshark", "-r", file, "-Y", "_ws.malformed"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData(Interrupt)]
    [InlineData(Libc.Terminate)]
    public async Task A_signal_ends_the_site_with_status_0_and_gives_the_port_back(int signal)
    {
        using var command = MorganaCommand.Start("run", await Image.OfAsync(Website), "--publish", "0:80");
        int port = await command.PortAsync(80);
        await StopAsync(command, signal);
        using var again = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        again.Bind(new IPEndPoint(IPAddress.Loopback, port));
    }

    [Fact]
    public async Task Ctrl_C_before_the_site_serves_and_again_is_no_trouble()
    {
        using var command = MorganaCommand.Start("run", await Image.OfAsync(Website), "--publish", "0:80");
        await command.GuestAsync("Website");
        var all = ProcessTree.All(command.Id);
        command.SignalGroup(Interrupt);
        command.SignalGroup(Interrupt);
        var (status, _, error) = await command.EndAsync();
        Assert.Equal((0, ""), (status, error));
        Assert.DoesNotContain(all, p => p.IsAlive);
    }

    [Fact]
    public async Task A_port_in_use_is_one_line_and_nothing_runs()
    {
        using var holder = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        holder.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        holder.Listen();
        int port = ((IPEndPoint)holder.LocalEndPoint!).Port;
        var (status, output, error) = await MorganaCommand.RunAsync("run", await Image.OfAsync(Website), "--publish", $"{port}:80");
        Assert.Equal((1, ""), (status, output));
        Assert.StartsWith($"morgana: port {port} on 127.0.0.1 cannot be published", error, StringComparison.Ordinal);
        Assert.Contains("name another host port", error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task A_guest_that_crashes_ends_the_command_which_says_by_what()
    {
        using var command = MorganaCommand.Start("run", await Image.OfAsync(Website), "--publish", "0:80");
        await command.PortAsync(80);
        var all = ProcessTree.All(command.Id);
        _ = Libc.Signal(await command.GuestAsync("Website"), Abort);        // What an exception that nobody catches ends with.
        var (status, _, error) = await command.EndAsync();
        Assert.Equal(128 + Abort, status);
        Assert.Contains($"morgana: the guest was ended by signal {Abort}", error, StringComparison.Ordinal);
        Assert.DoesNotContain(all, p => p.IsAlive);
    }

    [Fact]
    public async Task Closed_standard_input_is_no_reason_to_stop()
    {
        using var command = MorganaCommand.Start("run", await Image.OfAsync(Website), "--publish", "0:80");
        command.CloseInput();
        using var client = new HttpClient();
        using var response = await client.GetAsync($"http://localhost:{await command.PortAsync(80)}/");
        Assert.True(response.IsSuccessStatusCode);
        await StopAsync(command, Interrupt);
    }

    [NeedsFact(Needs.Root, "curl", "ip")]
    public async Task On_a_tap_the_site_is_a_host_like_any_other()
    {
        string image = await Image.OfAsync(Website), name = $"mgtap{Environment.ProcessId % 100000}";
        await MorganaCommand.RunProgramAsync("ip", "netns", "add", name);
        string[] inside = ["ip", "netns", "exec", name];
        try
        {
            foreach (string step in (string[])["ip tuntap add tap0 mode tap", "ip addr add 10.77.9.1/24 dev tap0", "ip link set tap0 up"])
                await MorganaCommand.RunProgramAsync("ip", [.. inside[1..], .. step.Split(' ')]);
            using var command = MorganaCommand.Start(new CommandSettings { Prefix = inside, Arguments = ["run", image, "--net", "tap:tap0", "--", "--ipv4=10.77.9.2/24"] });
            string page = await MorganaCommand.RunProgramAsync("ip", [.. inside[1..], "curl", "-sS", "--retry", "60", "--retry-all-errors", "--retry-delay", "1", "--max-time", "60", "http://10.77.9.2/"]);
            Assert.Contains("<title>", page, StringComparison.Ordinal);
            await StopAsync(command, Interrupt);
        }
        finally
        {
            await MorganaCommand.RunProgramAsync("ip", "netns", "delete", name);
        }
    }

    [NeedsFact("curl")]
    public async Task The_managed_target_serves_the_same_site_under_the_JIT()
    {
        using var command = MorganaCommand.Start("run", Website, "--target", "managed", "--publish", "0:80");
        int port = await command.PortAsync(80);
        Assert.EndsWith("2 200", await CurlAsync("--http2-prior-knowledge", "-w", "%{http_version} %{http_code}", $"http://localhost:{port}/"), StringComparison.Ordinal);
        await StopAsync(command, Interrupt);
    }

    private static Task<string> CurlAsync(params string[] arguments) => MorganaCommand.RunProgramAsync("curl", ["-sS", "--max-time", "120", "--noproxy", "*", .. arguments]);

    private static async Task StopAsync(MorganaCommand command, int signal)
    {
        var all = ProcessTree.All(command.Id);
        Assert.True(all.Count > 1, "Only the command runs, and no guest.");
        command.SignalGroup(signal);
        var (status, _, error) = await command.EndAsync();
        Assert.DoesNotContain(error.Split('\n'), line => line.StartsWith("morgana:", StringComparison.Ordinal) || line.Contains("xception", StringComparison.Ordinal));
        Assert.Equal(0, status);
        Assert.DoesNotContain(all, p => p.IsAlive);
    }
}
