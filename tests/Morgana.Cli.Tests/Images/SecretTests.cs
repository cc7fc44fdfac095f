using System.Net;
using System.Net.Sockets;
using System.Text;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>A real image with a secret: it has it, and nobody else sees it.</summary>
public sealed class SecretTests : IDisposable
{
    private const int Interrupt = 2;
    private const string Project = "samples/Doorman", Variable = "DOORMAN_PASSWORD";
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-secret-").FullName;
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(2));

    // Another one each time, so that nothing else on this machine can be mistaken for it.
    private readonly string _secret = "open sesame " + Guid.NewGuid().ToString("n");

    public void Dispose()
    {
        _limit.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory, InlineData(true), InlineData(false)]
    public Task A_secret_is_seen_by_the_image_alone(bool isFile) => CheckAsync("process", isFile);

    [SandboxFact]
    public Task In_the_sandbox_it_is_seen_by_the_image_alone_as_well() => CheckAsync("sandbox", isFile: true);

    private async Task CheckAsync(string target, bool isFile)
    {
        string image = await Image.OfAsync(Project), file = Path.Combine(_folder, "password");
        await File.WriteAllTextAsync(file, _secret + "\n");
        using var command = MorganaCommand.Start(new CommandSettings
        {
            Arguments = ["run", image, "--target", target, "--publish", "0:80", "--secret", isFile ? $"password={file}" : $"password=env:{Variable}"],
            Environment = isFile ? [] : new Dictionary<string, string?> { [Variable] = _secret },
        });
        int port = await command.PortAsync(80);
        Assert.Equal("Come in.\n", await SayAsync(port, _secret));
        Assert.Equal("No.\n", await SayAsync(port, "open barley"));

        int guest = await command.GuestAsync();
        foreach (int process in ProcessTree.All(command.Id).Select(m => m.Id).Append(guest).Distinct())
        {
            AssertHidden(ReadProcess(process, "cmdline"));
            // What the user gave the runner in its environment stays in the kernel's copy of it, which its user alone may read.
            if (isFile || process != command.Id) AssertHidden(ReadProcess(process, "environ"));
        }

        foreach (string process in Directory.GetDirectories("/proc").Where(d => char.IsAsciiDigit(d["/proc/".Length]))) AssertHidden(ReadProcess(int.Parse(process["/proc/".Length..]), "cmdline"));
        Assert.Contains("MORGANA_SECRETS=fd=", ReadProcess(guest, "environ"), StringComparison.Ordinal);
        // The image has read and closed what it came in.
        Assert.DoesNotContain(Directory.GetFiles($"/proc/{guest}/fd"), f => new FileInfo(f).LinkTarget?.Contains("morgana-", StringComparison.Ordinal) == true);
        Assert.DoesNotContain(Directory.GetFiles("/dev/shm", "morgana-*"), IsOurs);

        command.Signal(Interrupt);
        var (status, output, error) = await command.EndAsync();
        Assert.Equal((0, ""), (status, error));
        Assert.Contains("was let in\n", output, StringComparison.Ordinal);
        AssertHidden(output);
    }

    [Fact]
    public async Task Who_describes_the_image_reads_the_secrets_name_alone()
    {
        string image = await Image.OfAsync(Project), file = Path.Combine(_folder, "password");
        await File.WriteAllTextAsync(file, _secret);
        foreach (string format in new[] { "text", "json" })
        {
            var (status, description, _) = await MorganaCommand.RunAsync("describe", image, "--format", format);
            Assert.Equal(0, status);
            Assert.Contains("password", description, StringComparison.Ordinal);
            AssertHidden(description);
        }

        var help = await MorganaCommand.RunAsync("run", image, "--secret", $"password={file}", "--", "--help");
        Assert.Equal(0, help.Status);
        Assert.Contains("SECRETS\n       password", help.Output, StringComparison.Ordinal);
        AssertHidden(help.Output + help.Error);
        var missing = await MorganaCommand.RunAsync("run", image);
        Assert.Equal((64, "morgana: doorman needs the secret 'password': add --secret password=FILE or --secret password=env:VARIABLE\n"), (missing.Status, missing.Error));
    }

    private string Encoded => Convert.ToBase64String(Encoding.UTF8.GetBytes(_secret))[..16];

    // Another runner's file may go away while it is looked at.
    private bool IsOurs(string file)
    {
        try
        {
            return File.ReadAllText(file).Contains(Encoded, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private void AssertHidden(string text)
    {
        Assert.DoesNotContain(_secret, text, StringComparison.Ordinal);
        Assert.DoesNotContain(Encoded, text, StringComparison.Ordinal);
    }

    private static string ReadProcess(int process, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";                          // It has ended, or is another user's.
        }
    }

    private async Task<string> SayAsync(int port, string line)
    {
        using var visitor = new TcpClient();
        await visitor.ConnectAsync(IPAddress.Loopback, port, _limit.Token);
        await visitor.GetStream().WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), _limit.Token);
        return await new StreamReader(visitor.GetStream()).ReadToEndAsync(_limit.Token);
    }
}
