using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

/// <summary>X.509: an authority of our own, what it has signed, files and chains.</summary>
internal static class Certificates
{
    private static readonly DateTimeOffset s_from = DateTimeOffset.UtcNow.AddDays(-1), s_until = DateTimeOffset.UtcNow.AddDays(30);

    public static X509Certificate2 Authority { get; } = MakeAuthority();

    public static X509Certificate2 Server { get; } = Issue("localhost", "1.3.6.1.5.5.7.3.1");

    public static X509Certificate2 Client { get; } = Issue("a client", "1.3.6.1.5.5.7.3.2");

    public static IEnumerable<(string Name, Func<Task<string>> Run)> All =>
    [
        Primitives.Case("a self-signed certificate", () => $"{Authority.Subject}, {Authority.HasPrivateKey}, {Authority.GetECDsaPublicKey()!.KeySize}"),
        Primitives.Case("a certificate as PEM and back", () => X509Certificate2.CreateFromPem(Server.ExportCertificatePem()).Thumbprint == Server.Thumbprint),
        Primitives.Case("a certificate as PFX and back", () => X509CertificateLoader.LoadPkcs12(Server.Export(X509ContentType.Pfx, "secret"), "secret").HasPrivateKey),
        Primitives.Case("a PFX with the wrong password", () => X509CertificateLoader.LoadPkcs12(Server.Export(X509ContentType.Pfx, "secret"), "wrong").HasPrivateKey),
        Primitives.Case("a chain to a root that is given", () => Verify(Server, Authority)),
        Primitives.Case("a chain to a root that nobody trusts", () => Verify(Server, null)),
        Primitives.Case("a certificate from a file of the temporary folder", FromFile),
        Primitives.Case("a store of the user's", UserStore),
    ];

    public static IEnumerable<(string Name, Func<Task<string>> Run)> Roots =>
    [
        Primitives.Case("roots", () =>
        {
            using var store = new X509Store(StoreName.Root, StoreLocation.LocalMachine, OpenFlags.ReadOnly);
            return $"{string.Join(' ', store.Certificates.Select(c => c.Thumbprint).Distinct().Order(StringComparer.Ordinal))}";
        }),
    ];

    private static X509Certificate2 MakeAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Tests", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        return request.CreateSelfSigned(s_from, s_until);
    }

    private static X509Certificate2 Issue(string name, string usage)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        using var signed = request.Create(Authority.SubjectName, X509SignatureGenerator.CreateForECDsa(Authority.GetECDsaPrivateKey()!), s_from, s_until.AddDays(-1), RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }

    private static string Verify(X509Certificate2 certificate, X509Certificate2? root)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        if (root is not null)
        {
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.Add(root);
        }

        bool isGood = chain.Build(certificate);
        return $"{isGood}, {chain.ChainElements.Count}, {string.Join('+', chain.ChainStatus.Select(s => s.Status))}";
    }

    private static string FromFile()
    {
        string path = Path.Combine(Path.GetTempPath(), $"certificate-{Guid.NewGuid():N}.pem"), key = path + ".key";
        try
        {
            File.WriteAllText(path, Server.ExportCertificatePem());
            File.WriteAllText(key, Server.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem());
            using var read = X509Certificate2.CreateFromPemFile(path, key);
            using var loaded = X509CertificateLoader.LoadCertificateFromFile(path);
            return $"{read.HasPrivateKey}, {loaded.Thumbprint == Server.Thumbprint}";
        }
        finally
        {
            File.Delete(path);
            File.Delete(key);
        }
    }

    private static string UserStore()
    {
        using var store = new X509Store(StoreName.My, StoreLocation.CurrentUser, OpenFlags.ReadWrite);
        store.Add(Client);
        bool wasThere = store.Certificates.Find(X509FindType.FindByThumbprint, Client.Thumbprint, validOnly: false).Count == 1;
        store.Remove(Client);
        return $"{wasThere}, {store.Certificates.Find(X509FindType.FindByThumbprint, Client.Thumbprint, validOnly: false).Count}";
    }
}
