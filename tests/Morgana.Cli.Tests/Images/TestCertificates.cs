using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Morgana.Cli.Tests.Images;

/// <summary>An authority of the test's, and a certificate of its for every address under which a guest finds the host, or the host a guest.</summary>
internal sealed class TestCertificates : IDisposable
{
    public TestCertificates()
    {
        var (from, until) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var root = new CertificateRequest("CN=An authority of a test", rootKey, HashAlgorithmName.SHA256);
        root.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        Root = root.CreateSelfSigned(from, until);

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var server = new CertificateRequest("CN=server", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        foreach (string address in new[] { "127.0.0.1", "10.0.2.2", "10.77.0.1" }) names.AddIpAddress(IPAddress.Parse(address));
        server.CertificateExtensions.Add(names.Build());
        using var signed = server.Create(Root, from, until, [1, 2, 3, 4]);
        Server = signed.CopyWithPrivateKey(key);
    }

    public X509Certificate2 Root { get; }

    /// <summary>With its key.</summary>
    public X509Certificate2 Server { get; }

    /// <summary>What a program is told whom to trust, wherever its files are.</summary>
    public string RootText => Convert.ToBase64String(Root.Export(X509ContentType.Cert));

    public string ServerText => Convert.ToBase64String(Server.Export(X509ContentType.Pfx, ""));

    public void WriteTo(string folder)
    {
        File.WriteAllText(Path.Combine(folder, "root.pem"), Root.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "server.pem"), Server.ExportCertificatePem());
        using var key = Server.GetECDsaPrivateKey()!;
        File.WriteAllText(Path.Combine(folder, "server.key"), key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose()
    {
        Root.Dispose();
        Server.Dispose();
    }
}
