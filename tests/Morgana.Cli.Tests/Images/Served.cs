using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>The program HttpCases as a server, on Linux or in an image, and curl to ask it.</summary>
internal sealed class Served : IAsyncDisposable
{
    private const int Interrupt = 2;
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-served-").FullName;
    private readonly MorganaCommand _server;

    private Served(MorganaCommand server, TestCertificates certificates, string[] ports)
    {
        _server = server;
        (Http, Newer, Https) = (ports[0], ports[1], ports[2]);
        certificates.WriteTo(_folder);
        byte[] upload = new byte[3_000_000];
        new Random(3).NextBytes(upload);
        File.WriteAllBytes(Path.Combine(_folder, "upload"), upload);
        File.WriteAllBytes(Path.Combine(_folder, "too-large"), new byte[20_000_001]);
    }

    public string Http { get; }

    /// <summary>HTTP/2 without TLS.</summary>
    public string Newer { get; }

    public string Https { get; }

    public static async Task<Served> OnLinuxAsync(TestCertificates certificates, string program, params IReadOnlyList<string> prefix)
    {
        string[] ports = FreePorts();
        var server = MorganaCommand.Start(new CommandSettings
        {
            Program = "dotnet",
            Arguments = [program, "serve", .. ports],
            Prefix = prefix,
            Environment = new Dictionary<string, string?> { ["SERVER_PFX"] = certificates.ServerText },
        });
        await server.LineAsync("serving");
        return new(server, certificates, ports);
    }

    public static async Task<Served> ByAsync(TestCertificates certificates, string image, string target)
    {
        string[] accelerator = target == "vm" ? ["--accel", "tcg"] : [];
        var server = MorganaCommand.Start(
            ["run", image, "--target", target, .. accelerator, "--memory", "256M", "--publish", "0:80", "--publish", "0:81", "--publish", "0:443", "--env", "SERVER_PFX=" + certificates.ServerText, "--", "serve"]);
        int[] ports = [await server.PortAsync(80), await server.PortAsync(81), await server.PortAsync(443)];
        return new(server, certificates, [.. ports.Select(p => p.ToString(CultureInfo.InvariantCulture))]);
    }

    /// <summary>On a line, where nothing is published.</summary>
    public static async Task<Served> OnLineAsync(TestCertificates certificates, string image, ImpairedLine line)
    {
        var server = MorganaCommand.Start(new CommandSettings
        {
            Arguments = ["run", image, .. ImpairedLine.GuestOptions, "--memory", "256M", "--env", "SERVER_PFX=" + certificates.ServerText, "--", "serve"],
            Prefix = line.GuestPrefix,
        });
        await server.LineAsync("serving");
        return new(server, certificates, ["80", "81", "443"]);
    }

    /// <summary>What curl says to each of a list of requests.</summary>
    public async Task<string> AskAsync()
    {
        var said = new StringBuilder();
        string plain = $"http://127.0.0.1:{Http}", tls = $"https://127.0.0.1:{Https}", newer = $"http://127.0.0.1:{Newer}";
        // None that the server ends before it has read all of it: which of the two curl hears of first would be chance.
        string[][] requests =
        [
            [plain + "/"],
            [plain + "/", plain + "/", plain + "/nothing", plain + "/"],
            ["-0", plain + "/"],
            ["-H", "Connection: close", plain + "/", plain + "/"],
            ["-I", plain + "/large"],
            [plain + "/large", "-o", "down"],
            ["-r", "100-199", plain + "/large", "-o", "down"],
            ["-r", "-77", plain + "/large", "-o", "down"],
            ["-r", "9000000-", plain + "/large", "-o", "down"],
            [plain + "/chunks/300"],
            ["--raw", plain + "/chunks/3"],
            ["-T", "upload", plain + "/hash"],
            ["-T", "upload", "-H", "Transfer-Encoding: chunked", plain + "/hash"],
            ["-T", "upload", "-H", "Expect: 100-continue", plain + "/hash"],
            ["-T", "too-large", "-H", "Expect: 100-continue", plain + "/hash"],
            ["-X", "POST", "--data-binary", "@upload", plain + "/echo", "-o", "down"],
            ["-X", "DELETE", plain + "/large"],
            ["--path-as-is", plain + "/../../etc/passwd"],
            ["-H", "Host:", plain + "/"],
            [plain + "/abort"],
            [plain + "/fail", plain + "/"],
            [tls + "/", tls + "/"],
            ["--http1.1", tls + "/", tls + "/large", "-o", "down"],
            ["--http2", tls + "/large", "-o", "down"],
            ["--http2", "-T", "upload", tls + "/hash"],
            ["--http2", "-X", "POST", "--data-binary", "@upload", tls + "/echo", "-o", "down"],
            ["--tls-max", "1.2", tls + "/"],
            ["--tls-max", "1.1", tls + "/"],
            ["--cacert", "/dev/null", tls + "/"],
            ["http://127.0.0.1:" + Https + "/"],
            ["https://127.0.0.1:" + Http + "/"],
            ["--http2-prior-knowledge", newer + "/", newer + "/chunks/300", newer + "/nothing"],
            ["--http2-prior-knowledge", newer + "/abort"],
            ["--no-progress-meter", "-Z", "--parallel-max", "30", tls + "/chunks/[1-60]", "-o", "all"],
        ];
        for (int i = 0; i < requests.Length; i++) said.Append(CultureInfo.InvariantCulture, $"{i + 1} {await CurlAsync(requests[i])}\n");
        return said.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        _server.Signal(Interrupt);
        var (status, _, error) = await _server.EndAsync();
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
        Assert.True(status == 0, error);
    }

    private async Task<string> CurlAsync(string[] arguments)
    {
        const string told = "%{http_code} HTTP/%{http_version} %{content_type} %{size_download} %{num_connects}\n";
        var (status, output, _) = await MorganaCommand.RunAsync(new CommandSettings
        {
            Program = "curl",
            Arguments = ["-s", "--max-time", "120", "--cacert", "root.pem", "-w", told, .. arguments],
            Folder = _folder,
        });
        string file = Path.Combine(_folder, "down");
        string content = File.Exists(file) ? Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(file)))[..16] : "";
        File.Delete(file);
        // When a page was made is of no interest, and what came by which connection of several is chance.
        var lines = output.Split('\n').Where(l => !l.StartsWith("Date:", StringComparison.Ordinal));
        return $"ended with {status}: {string.Join('\n', arguments.Contains("-Z") ? lines.Select(l => l[..Math.Max(l.LastIndexOf(' '), 0)]).Order(StringComparer.Ordinal) : lines)}{content}";
    }

    private static string[] FreePorts()
    {
        var listeners = Enumerable.Range(0, 3).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToArray();
        foreach (var listener in listeners) listener.Start();
        string[] ports = [.. listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture))];
        foreach (var listener in listeners) listener.Dispose();
        return ports;
    }
}
