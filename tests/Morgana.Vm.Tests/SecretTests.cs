using System.Security.Cryptography;
using System.Text;
using DeviceProbe;

namespace Morgana.Vm.Tests;

/// <summary>Secrets reach a virtual machine, and nobody else.</summary>
public sealed class SecretTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-secret-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [VmTheory, InlineData("microvm"), InlineData("q35")]
    public async Task A_secret_is_in_the_guest_and_in_no_process_list_environment_or_log(string machine)
    {
        byte[] secret = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24)));
        string file = Path.Combine(_folder, "password");
        await File.WriteAllBytesAsync(file, secret);
        using var command = MorganaCommand.Start("run", "tests/Unikernels/DeviceProbe", "--target", "vm", "--accel", "tcg", "--machine", machine, "--verbose", "--secret", $"password={file}", "--", "--wait");
        await command.LineAsync("waiting");

        string[] forms = [Encoding.ASCII.GetString(secret), Convert.ToBase64String(secret)];
        int looked = 0;
        foreach (string process in Directory.EnumerateDirectories("/proc").Where(d => char.IsAsciiDigit(Path.GetFileName(d)[0])))
        {
            foreach (string name in (string[])["cmdline", "environ"])
            {
                if (Read(Path.Combine(process, name)) is not { } text) continue;
                looked += text.Contains("opt/morgana/secrets", StringComparison.Ordinal) ? 1 : 0;
                Assert.All(forms, form => Assert.False(text.Contains(form, StringComparison.Ordinal), $"{process}/{name} shows the secret"));
            }
        }

        Assert.True(looked > 0, "nobody had the secret to look at");
        command.SignalGroup(2);
        var (status, output, error) = await command.EndAsync();
        Assert.True(status == 0, error);
        Assert.Contains($"password {Said.Digest(secret)}", output, StringComparison.Ordinal);
        Assert.Contains("ended in order", output, StringComparison.Ordinal);
        Assert.All(forms, form => Assert.DoesNotContain(form, output + error, StringComparison.Ordinal));
    }

    // What a process shows, zeroes as spaces; null where it has gone or may not be looked at.
    private static string? Read(string file)
    {
        try
        {
            return File.ReadAllText(file).Replace('\0', ' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
