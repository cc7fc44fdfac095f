using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>.NET's cryptography and TLS in an image: OpenSSL is part of it, and what it opens are the image's own files.</summary>
public sealed class TlsTests : IDisposable
{
    private const string Program = "tests/Programs/TlsCases";

    // Built with these tests; .../bin/CONFIGURATION/net10.0/.
    private static readonly string s_configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-tls-").FullName;

    [NeedsTheory("cmake"), InlineData("process"), InlineData("sandbox")]
    public async Task Every_case_of_cryptography_and_TLS_comes_to_the_same_as_on_Linux(string target)
    {
        string expected = await OnLinuxAsync();
        Assert.True(expected.Split('\n').Length > 50, expected);
        var (status, output, error) = await MorganaCommand.RunAsync("run", await Image.OfAsync(Program), "--publish", "0:80", "--target", target);
        Assert.True(status == 0, error);
        Assert.Equal(expected, output);
    }

    [NeedsFact("cmake")]
    public async Task An_image_trusts_whom_the_machine_trusted_that_built_it_or_whom_SSL_CERT_FILE_names()
    {
        // Both variables, lest Linux read its own folder besides.
        var bundle = X509CertificateLoader.LoadCertificate(Authority().Export(X509ContentType.Cert));
        string file = Path.Combine(_folder, "roots.pem");
        await File.WriteAllTextAsync(file, bundle.ExportCertificatePem());
        Assert.Equal($"roots: {bundle.Thumbprint}\n", await OnLinuxAsync(("SSL_CERT_FILE", file), ("SSL_CERT_DIR", _folder + "/none"), "roots"));
        // The image cannot see the host's file; it has what was embedded, wherever the variables of its own environment do not lead elsewhere.
        Assert.Equal("roots: \n", await InImageAsync(["roots"], ("SSL_CERT_FILE", file), ("SSL_CERT_DIR", _folder + "/none")));
        Assert.Equal(await OnLinuxAsync(("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"), ("SSL_CERT_DIR", _folder + "/none"), "roots"), await InImageAsync(["roots"]));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static X509Certificate2 Authority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=Nobody in particular", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private static Task<string> OnLinuxAsync() => RunAsync("dotnet", [Built()], []);

    private static Task<string> OnLinuxAsync((string, string) first, (string, string) second, string argument) => RunAsync("dotnet", [Built(), argument], [first, second]);

    private static async Task<string> InImageAsync(string[] arguments, params (string Name, string Value)[] variables) => await RunAsync(await Image.OfAsync(Program), arguments, variables);

    private static async Task<string> RunAsync(string program, string[] arguments, (string Name, string Value)[] variables)
    {
        var environment = new Dictionary<string, string?> { ["SSL_CERT_FILE"] = null, ["SSL_CERT_DIR"] = null };
        foreach (var (name, value) in variables) environment[name] = value;
        var (status, output, error) = await MorganaCommand.RunAsync(new CommandSettings { Program = program, Arguments = arguments, Environment = environment });
        Assert.True(status == 0, error);
        return output;
    }

    private static string Built() => Path.Combine(MorganaCommand.Root, Program, "bin", s_configuration, "net9.0", "TlsCases.dll");
}
