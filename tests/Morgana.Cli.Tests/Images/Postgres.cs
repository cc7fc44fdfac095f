using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>Debian's PostgreSQL as a private server on loopback, in a folder of its own, with everything of it gone afterwards.</summary>
internal sealed class Postgres : IDisposable
{
    private const int Interrupt = 2;        // "Fast shutdown": connections are ended.
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-postgres-").FullName;
    private readonly ImpairedLine? _line;
    private MorganaCommand? _server;

    private Postgres(ImpairedLine? line)
    {
        _line = line;
        // It refuses to be root, and then runs as nobody.
        File.SetUnixFileMode(_folder, (UnixFileMode)0x1FF);
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        Port = ((IPEndPoint)free.LocalEndpoint).Port;
    }

    /// <summary>Where it serves.</summary>
    public string Address => _line is null ? "127.0.0.1" : ImpairedLine.LinuxAddress;

    /// <summary>Why there is none to be tested with, or null.</summary>
    public static string? Missing => Programs is null ? "needs PostgreSQL; ./test installs it" : null;

    /// <summary>On loopback; a guest behind the gateway has it as 10.0.2.2.</summary>
    public int Port { get; }

    private static string? Programs => Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Select(d => Path.Combine(d, "bin")).LastOrDefault(d => File.Exists(Path.Combine(d, "initdb")))
        : null;

    /// <summary>Makes an empty database and serves it, on loopback or on a line, with TLS under a certificate that nobody trusts.</summary>
    public static async Task<Postgres> StartAsync(string user, ImpairedLine? line = null)
    {
        var postgres = new Postgres(line);
        try
        {
            await postgres.RunAsync("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "cert.pem");
            await postgres.RunAsync(Path.Combine(Programs!, "initdb"), "-D", "data", "-U", user, "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync");
            await File.AppendAllTextAsync(Path.Combine(postgres._folder, "data/pg_hba.conf"), "host all all 10.77.0.0/24 trust\n");
            await postgres.ServeAsync();
            return postgres;
        }
        catch
        {
            postgres.Dispose();
            throw;
        }
    }

    /// <summary>Ends the server with all of its connections, and starts it again.</summary>
    public async Task RestartAsync()
    {
        _server!.Signal(Interrupt);
        await _server.EndAsync();
        _server.Dispose();
        await ServeAsync();
    }

    public void Dispose()
    {
        _server?.Dispose();
        // What it left running is in its process group.
        for (var limit = Stopwatch.StartNew(); Directory.Exists(_folder); Thread.Yield())
        {
            try
            {
                Directory.Delete(_folder, recursive: true);
            }
            catch (IOException) when (limit.Elapsed < TimeSpan.FromSeconds(30))
            {
                // A server that is being killed still writes.
            }
        }
    }

    private async Task ServeAsync()
    {
        // Its log goes where its announcement can be waited for.
        string settings = $"-c listen_addresses={Address} -c unix_socket_directories= -c fsync=off -c log_line_prefix= -c ssl=on -c ssl_cert_file={_folder}/cert.pem -c ssl_key_file={_folder}/key.pem";
        _server = MorganaCommand.Start(Command("sh", "-c", $"exec {Programs}/postgres -D data -p {Port} {settings} 2>&1"));
        await _server.LineAsync("LOG:  database system is ready to accept connections");
    }

    private async Task RunAsync(string program, params string[] arguments)
    {
        var (status, output, error) = await MorganaCommand.RunAsync(Command(program, arguments));
        Assert.True(status == 0, output + error);
    }

    private CommandSettings Command(string program, params string[] arguments) =>
        new() { Program = program, Arguments = arguments, Prefix = _line?.Prefix ?? [], IsUnprivileged = true, Folder = _folder, Environment = new Dictionary<string, string?> { ["LC_ALL"] = "C" } };
}

/// <summary>A test with a server of PostgreSQL's.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute(bool needsRoot = false) => Skip = Postgres.Missing ?? Needs.Missing(["openssl", "cmake", .. needsRoot ? new[] { Needs.Root, "ip" } : []]);
}
