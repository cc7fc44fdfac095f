using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>Debian's rabbitmq-server as a private node on loopback, in a folder of its own, with everything of it gone afterwards.</summary>
internal sealed class RabbitMq : IDisposable
{
    private const string Server = "/usr/lib/rabbitmq/bin/rabbitmq-server";
    private const int Terminate = 15;
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-rabbitmq-").FullName;
    private readonly Dictionary<string, string?> _environment;
    private readonly MorganaCommand _names;
    private MorganaCommand? _server;

    private RabbitMq()
    {
        // It is nobody's, with its cookie.
        File.SetUnixFileMode(_folder, (UnixFileMode)0x1FF);
        var free = Enumerable.Range(0, 3).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToArray();
        foreach (var listener in free) listener.Start();
        int[] ports = [.. free.Select(f => ((IPEndPoint)f.LocalEndpoint).Port)];
        foreach (var listener in free) listener.Dispose();
        Port = ports[0];
        string names = ports[1].ToString(CultureInfo.InvariantCulture);
        _environment = new()
        {
            ["HOME"] = _folder,
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["ERL_EPMD_PORT"] = names,
            ["RABBITMQ_NODENAME"] = "morgana@localhost",
            ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_NODE_PORT"] = Port.ToString(CultureInfo.InvariantCulture),
            ["RABBITMQ_DIST_PORT"] = ports[2].ToString(CultureInfo.InvariantCulture),
            ["RABBITMQ_MNESIA_BASE"] = _folder + "/db",
            ["RABBITMQ_LOG_BASE"] = _folder + "/log",
            ["RABBITMQ_LOGS"] = "-",
            ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = _folder + "/plugins",
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
        };
        // Erlang would start its register of names by itself, as a daemon that stays.
        _names = MorganaCommand.Start(new CommandSettings { Program = "epmd", Arguments = ["-address", "127.0.0.1", "-port", names], IsUnprivileged = true, Folder = _folder });
    }

    /// <summary>Why there is none to be tested with, or null.</summary>
    public static string? Missing => File.Exists(Server) ? Needs.Missing(["epmd"]) : "needs rabbitmq-server: sudo apt-get install rabbitmq-server";

    /// <summary>On loopback; a guest behind the gateway has it as 10.0.2.2.</summary>
    public int Port { get; }

    public static async Task<RabbitMq> StartAsync()
    {
        var broker = new RabbitMq();
        try
        {
            await broker.ServeAsync();
            return broker;
        }
        catch
        {
            broker.Dispose();
            throw;
        }
    }

    /// <summary>Ends the broker with all of its connections, and starts it again with what it has on its disk.</summary>
    public async Task RestartAsync()
    {
        _server!.SignalGroup(Terminate);
        await _server.EndAsync();
        _server.Dispose();
        await ServeAsync();
    }

    public void Dispose()
    {
        _server?.Dispose();
        _names.Dispose();
        for (var limit = Stopwatch.StartNew(); Directory.Exists(_folder); Thread.Yield())
        {
            try
            {
                Directory.Delete(_folder, recursive: true);
            }
            catch (IOException) when (limit.Elapsed < TimeSpan.FromSeconds(30))
            {
                // A broker that is being killed still writes.
            }
        }
    }

    private async Task ServeAsync()
    {
        _server = MorganaCommand.Start(new CommandSettings { Program = Server, Arguments = [], Environment = _environment, IsUnprivileged = true, Folder = _folder });
        await _server.LineWithAsync("Server startup complete");
    }
}

/// <summary>A test with RabbitMQ's broker.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RabbitMqFactAttribute : FactAttribute
{
    public RabbitMqFactAttribute() => Skip = RabbitMq.Missing ?? Needs.Missing(["cmake"]);
}
