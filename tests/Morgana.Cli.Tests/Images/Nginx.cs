using System.Net;
using System.Net.Sockets;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>Debian's nginx as a private server, in a folder of its own, with everything of it gone afterwards.</summary>
internal sealed class Nginx : IDisposable
{
    private const int HangUp = 1, Terminate = 15;
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-nginx-").FullName;
    private readonly IReadOnlyList<string> _prefix;
    private readonly string _address;
    // A port where connections are taken, and nobody ever says anything: the system does it for whoever never accepts.
    private readonly Socket _mute;
    private MorganaCommand? _server;
    private int _generation;

    private Nginx(string address, IReadOnlyList<string> prefix, Func<Func<Socket>, Socket> inside)
    {
        (_address, _prefix) = (address, prefix);
        _mute = inside(Listen);
        using Socket http = inside(Listen), https = inside(Listen), untrusted = inside(Listen), gone = inside(Listen);
        (Http, Https, Untrusted, Gone) = (Port(http), Port(https), Port(untrusted), Port(gone));
        // Its workers are nobody's.
        File.SetUnixFileMode(_folder, (UnixFileMode)0x1FF);
        foreach (string folder in new[] { "root", "root/uploads", "temp" })
            File.SetUnixFileMode(Directory.CreateDirectory(Path.Combine(_folder, folder)).FullName, (UnixFileMode)0x1FF);
    }

    public int Http { get; }

    public int Https { get; }

    /// <summary>https under a certificate that nobody trusts.</summary>
    public int Untrusted { get; }

    private int Gone { get; }

    /// <param name="certificates">The server's own is the one of https.</param>
    /// <param name="line">Where it serves, if not on loopback.</param>
    public static async Task<Nginx> StartAsync(TestCertificates certificates, ImpairedLine? line = null)
    {
        var nginx = line is null ? new Nginx("127.0.0.1", [], make => make()) : new Nginx(ImpairedLine.LinuxAddress, line.Prefix, line.In);
        try
        {
            certificates.WriteTo(nginx._folder);
            await nginx.WriteContentAsync();
            await nginx.StartAsync();
            return nginx;
        }
        catch
        {
            nginx.Dispose();
            throw;
        }
    }

    public async Task StartAsync()
    {
        await WriteSettingsAsync();
        _server = MorganaCommand.Start(new CommandSettings { Program = "sh", Arguments = ["-c", "exec nginx -p . -c nginx.conf -e stderr 2>&1"], Prefix = _prefix, IsUnprivileged = true, Folder = _folder });
        await _server.LineWithAsync("start worker process ");
    }

    /// <summary>Lets it read other settings: there are new workers, and the old ones serve whom they have.</summary>
    public async Task ReloadAsync()
    {
        await WriteSettingsAsync();
        _server!.Signal(HangUp);
        await _server.LineWithAsync("gracefully shutting down");
    }

    /// <summary>Ends it with all of its connections.</summary>
    public async Task StopAsync()
    {
        _server!.Signal(Terminate);
        await _server.EndAsync();
        _server.Dispose();
    }

    /// <summary>Does what a program asks for that prints "? WORD" and reads a line once it is done, until it ends.</summary>
    public async Task ObeyAsync(MorganaCommand program, params string[] wishes)
    {
        foreach (string wish in wishes)
        {
            await program.LineAsync("? " + wish);
            if (wish is "reload") await ReloadAsync();
            if (wish is "stop" or "restart") await StopAsync();
            if (wish is "start" or "restart") await StartAsync();
            program.Say("done\n");
        }
    }

    public void Dispose()
    {
        _server?.Dispose();
        _mute.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private Socket Listen()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(_address), 0));
        socket.Listen();
        return socket;
    }

    private static int Port(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

    private async Task WriteContentAsync()
    {
        byte[] large = new byte[5_000_000];
        new Random(11).NextBytes(large);
        await File.WriteAllTextAsync(Path.Combine(_folder, "root/index.html"), "A page of a server's.\n");
        await File.WriteAllTextAsync(Path.Combine(_folder, "root/text"), string.Concat(Enumerable.Range(0, 20_000).Select(i => $"line {i}\n")));
        foreach (string name in new[] { "large", "trickle", "steady" })
            await File.WriteAllBytesAsync(Path.Combine(_folder, "root", name), name == "steady" ? large[..300_000] : large);
        // The first modification is the same in every run.
        foreach (string file in Directory.GetFiles(Path.Combine(_folder, "root"))) File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch.AddDays(10_000));
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        using var own = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=Nobody", key, System.Security.Cryptography.HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await File.WriteAllTextAsync(Path.Combine(_folder, "own.pem"), own.ExportCertificatePem());
        await File.WriteAllTextAsync(Path.Combine(_folder, "own.key"), key.ExportPkcs8PrivateKeyPem());
    }

    private Task WriteSettingsAsync() => File.WriteAllTextAsync(Path.Combine(_folder, "nginx.conf"), $$"""
        daemon off;
        worker_processes 1;
        pid nginx.pid;
        error_log stderr notice;
        events {}
        http {
            access_log off;
            default_type text/plain;
            client_body_temp_path temp/body;
            proxy_temp_path temp/proxy;
            fastcgi_temp_path temp/fastcgi;
            uwsgi_temp_path temp/uwsgi;
            scgi_temp_path temp/scgi;
            client_max_body_size 10m;
            gzip on;
            gzip_types text/plain;
            ssl_protocols TLSv1.2 TLSv1.3;
            root root;
            ssl_certificate server.pem;
            ssl_certificate_key server.key;
            server {
                listen {{_address}}:{{Http}};
                listen {{_address}}:{{Https}} ssl http2;
                location / {}
                location /uploads { dav_methods PUT; }
                location /trickle { limit_rate 20k; }
                location /steady { limit_rate 300k; }
                location = /count { return 200 $connection_requests; }
                location = /once { keepalive_timeout 0; return 200 $connection_requests; }
                location = /connection { return 200 $connection; }
                location = /generation { return 200 "generation {{++_generation}}"; }
                location = /tls { return 200 "$ssl_protocol $server_protocol $ssl_server_name"; }
                location = /cookie { add_header Set-Cookie seen=yes; return 200 "$cookie_seen"; }
                location = /moved { return 301 /text?moved; }
                location = /round { return 302 /round; }
                location = /sent { return 303 /text?sent; }
                location = /plain { return 302 http://$host:{{Http}}/; }
                location = /never { proxy_pass http://{{_address}}:{{Port(_mute)}}; proxy_read_timeout 300s; }
                location = /late { proxy_pass http://{{_address}}:{{Port(_mute)}}; proxy_read_timeout 1s; }
                location = /gone { proxy_pass http://{{_address}}:{{Gone}}; }
            }
            server {
                listen {{_address}}:{{Untrusted}} ssl;
                ssl_certificate own.pem;
                ssl_certificate_key own.key;
            }
        }
        """);
}
