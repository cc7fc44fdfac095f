using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

/// <summary>SslStream at both ends of a connection.</summary>
internal static class Handshakes
{
    private static readonly SslApplicationProtocol s_echo = new("echo"), s_other = new("other");

    public static IEnumerable<(string Name, Func<Task<string>> Run)> All =>
    [
        ("TLS 1.2", () => TalkAsync(SslProtocols.Tls12)),
        ("TLS 1.3", () => TalkAsync(SslProtocols.Tls13)),
        ("whatever TLS both have", () => TalkAsync(SslProtocols.None)),
        ("TLS 1.2 with a client's certificate", () => TalkAsync(SslProtocols.Tls12, client: Certificates.Client)),
        ("TLS 1.3 with a client's certificate", () => TalkAsync(SslProtocols.Tls13, client: Certificates.Client)),
        ("TLS 1.3 with a client's certificate that is for servers", () => TalkAsync(SslProtocols.Tls13, client: Certificates.Server)),
        ("TLS 1.2 without the client's certificate", () => TalkAsync(SslProtocols.Tls12, demand: true)),
        ("an application protocol", () => TalkAsync(SslProtocols.None, protocol: s_echo)),
        ("an application protocol that the server has not", () => TalkAsync(SslProtocols.None, protocol: s_other)),
        ("a server that nobody trusts", () => TalkAsync(SslProtocols.None, trust: false)),
        ("another server's name", () => TalkAsync(SslProtocols.None, name: "example.test")),
        ("versions that do not meet", () => TalkAsync(SslProtocols.Tls12, server: SslProtocols.Tls13)),
        ("a session taken up again", ResumeAsync),
        ("a megabyte each way", MegabyteAsync),
        ("a client that is no TLS", PlainClientAsync),
        ("a server that goes away", GoneAsync),
        ("synchronously", SynchronousAsync),
        ("many at once", ManyAsync),
    ];

    private static async Task<string> TalkAsync(
        SslProtocols version, SslProtocols? server = null, X509Certificate2? client = null, bool demand = false, SslApplicationProtocol? protocol = null, bool trust = true, string name = "localhost")
    {
        var (near, far) = await PairAsync();
        using SslStream ours = new(near), theirs = new(far);
        var accepting = AnswerAsync(theirs, new SslServerAuthenticationOptions
        {
            ServerCertificate = Certificates.Server,
            EnabledSslProtocols = server ?? version,
            ClientCertificateRequired = client is not null || demand,
            ApplicationProtocols = protocol is null ? null : [s_echo],
            CertificateChainPolicy = Policy(trusts: true),
        });
        string said;
        try
        {
            await ours.AuthenticateAsClientAsync(Options(version, client, protocol, trust, name));
            await ours.WriteAsync("hello"u8.ToArray());
            byte[] answer = new byte[5];
            await ours.ReadExactlyAsync(answer);
            said = $"{ours.SslProtocol}, {ours.NegotiatedApplicationProtocol}, {ours.RemoteCertificate!.Subject}, {Encoding.ASCII.GetString(answer)}";
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            // Which of the two it is depends on what of the refusal has arrived.
            said = "failed";
            near.Dispose();
        }

        return $"{said} | {await accepting}";
    }

    private static async Task<string> AnswerAsync(SslStream stream, SslServerAuthenticationOptions options)
    {
        try
        {
            await stream.AuthenticateAsServerAsync(options);
            byte[] octets = new byte[5];
            await stream.ReadExactlyAsync(octets);
            await stream.WriteAsync(octets.Reverse().ToArray());
            return $"{stream.SslProtocol}, {stream.NegotiatedApplicationProtocol}, {stream.RemoteCertificate?.Subject}";
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            stream.Dispose();
            return "failed";
        }
    }

    private static async Task<string> ResumeAsync()
    {
        var context = SslStreamCertificateContext.Create(Certificates.Server, [Certificates.Authority], offline: true);
        string said = "";
        for (int i = 0; i < 3; i++)
        {
            var (near, far) = await PairAsync();
            using SslStream ours = new(near), theirs = new(far);
            var accepting = AnswerAsync(theirs, new SslServerAuthenticationOptions { ServerCertificateContext = context });
            await ours.AuthenticateAsClientAsync(Options(SslProtocols.None, null, null, true, "localhost"));
            await ours.WriteAsync("again"u8.ToArray());
            byte[] answer = new byte[5];
            await ours.ReadExactlyAsync(answer);
            said += $"{Encoding.ASCII.GetString(answer)} {await accepting};";
        }

        return said;
    }

    private static async Task<string> MegabyteAsync()
    {
        var (near, far) = await PairAsync();
        using SslStream ours = new(near), theirs = new(far);
        await Task.WhenAll(
            theirs.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = Certificates.Server }),
            ours.AuthenticateAsClientAsync(Options(SslProtocols.None, null, null, true, "localhost")));
        byte[] sent = new byte[1 << 20], there = new byte[1 << 20], back = new byte[1 << 20];
        new Random(7).NextBytes(sent);
        await Task.WhenAll(ours.WriteAsync(sent).AsTask(), theirs.ReadExactlyAsync(there).AsTask());
        await Task.WhenAll(theirs.WriteAsync(there).AsTask(), ours.ReadExactlyAsync(back).AsTask());
        await ours.ShutdownAsync();
        int end = await theirs.ReadAsync(there);
        return $"{sent.AsSpan().SequenceEqual(back)}, {end}";
    }

    private static async Task<string> PlainClientAsync()
    {
        var (near, far) = await PairAsync();
        using var theirs = new SslStream(far);
        await near.WriteAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        string said = await AnswerAsync(theirs, new SslServerAuthenticationOptions { ServerCertificate = Certificates.Server });
        near.Dispose();
        return said;
    }

    private static async Task<string> GoneAsync()
    {
        var (near, far) = await PairAsync();
        using var ours = new SslStream(near);
        far.Dispose();
        try
        {
            await ours.AuthenticateAsClientAsync(Options(SslProtocols.None, null, null, true, "localhost"));
            return "authenticated";
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            return "failed";
        }
    }

    private static async Task<string> SynchronousAsync()
    {
        var (near, far) = await PairAsync();
        using SslStream ours = new(near), theirs = new(far);
        var accepting = Task.Run(() =>
        {
            theirs.AuthenticateAsServer(Certificates.Server, clientCertificateRequired: false, checkCertificateRevocation: false);
            int octet = theirs.ReadByte();
            theirs.WriteByte((byte)(octet + 1));
        });
        ours.AuthenticateAsClient(Options(SslProtocols.None, null, null, true, "localhost"));
        ours.WriteByte(41);
        int answer = ours.ReadByte();
        await accepting;
        return $"{answer}";
    }

    private static async Task<string> ManyAsync()
    {
        string[] said = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => TalkAsync(i % 2 == 0 ? SslProtocols.Tls12 : SslProtocols.Tls13)));
        return string.Join(", ", said.GroupBy(s => s).Select(g => g.Count()));
    }

    private static SslClientAuthenticationOptions Options(SslProtocols version, X509Certificate2? client, SslApplicationProtocol? protocol, bool trust, string name) => new()
    {
        TargetHost = name,
        EnabledSslProtocols = version,
        ClientCertificates = client is null ? null : [client],
        ApplicationProtocols = protocol is { } wanted ? [wanted] : null,
        CertificateChainPolicy = Policy(trust),
    };

    private static X509ChainPolicy Policy(bool trusts)
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck };
        if (!trusts) return policy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.Add(Certificates.Authority);
        return policy;
    }

    private static async Task<(NetworkStream Near, NetworkStream Far)> PairAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new TcpClient(AddressFamily.InterNetwork);
        var connecting = client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        var server = await listener.AcceptTcpClientAsync();
        await connecting;
        return (client.GetStream(), server.GetStream());
    }
}
