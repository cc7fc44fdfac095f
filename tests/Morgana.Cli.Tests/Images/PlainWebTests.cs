using System.Net;
using Morgana.Build;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>A web application that knows nothing of Morgana, in a folder outside of the repository.</summary>
public sealed class PlainWebTests : IDisposable
{
    private const int Interrupt = 2;
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-plain-").FullName;

    [NeedsFact(Needs.Root, "strace")]
    public async Task An_unchanged_web_application_serves_on_our_stack_from_our_files_and_makes_no_socket_of_Linuxs()
    {
        string project = Path.Combine(_folder, "PlainWeb"), trace = Path.Combine(_folder, "trace");
        Copy(Path.Combine(MorganaCommand.Root, "samples/PlainWeb"), project);
        string[] before = [.. Directory.GetFiles(project, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

        using var command = MorganaCommand.Start("run", project, "--publish", "0:80", "--env", "Name=Ada");
        int port = await command.PortAsync(80);
        using var strace = await TraceAsync(await command.GuestAsync("PlainWeb"), trace);
        using var client = new HttpClient { BaseAddress = new Uri($"http://localhost:{port}/"), Timeout = TimeSpan.FromMinutes(2) };
        Assert.Equal("Hello, Ada!", await client.GetStringAsync("/hello"));
        Assert.Contains("An ordinary web application.", await client.GetStringAsync("/"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/nothing")).StatusCode);
        var many = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => client.GetStringAsync("/hello")));
        Assert.All(many, text => Assert.Equal("Hello, Ada!", text));

        strace.Signal(Interrupt);
        await strace.EndAsync();
        command.Signal(Interrupt);
        var (status, _, error) = await command.EndAsync();
        Assert.True(status == 0, error);
        // Nothing but obj and bin has come to the program's folder.
        Assert.Equal(before, Directory.GetFiles(project, "*", SearchOption.AllDirectories).Where(f => !IsOutput(project, f)).Order(StringComparer.Ordinal));
        Assert.Empty(await File.ReadAllTextAsync(trace));
        // It answers with text alone, and pays for no reflection of System.Text.Json's.
        Assert.Empty(Directory.GetFiles(project, "json.rd.xml", SearchOption.AllDirectories));

        await ServesAloneAsync(project);
    }

    /// <summary>The image, taken elsewhere, has its settings and pages in it, whatever it runs on.</summary>
    private async Task ServesAloneAsync(string project)
    {
        string image = Path.Combine(_folder, "shop");
        await MorganaCommand.RunProgramAsync(Path.Combine(MorganaCommand.Root, "morgana"), "build", project, "-o", image);
        Directory.Delete(project, recursive: true);
        await ServesAsync(image, "process", "Hello, world!");
        if (SandboxFactAttribute.IsPossible) await ServesAsync(image, "sandbox", "Hello, Eve!", "--env", "Name=Eve");
        if (Toolchain.FindProgram("qemu-system-x86_64") is null) return;
        await ServesAsync(image, "vm", "Hello, Ada!", "--env", "Name=Ada", "--accel", "tcg");
        await GoesOnWhileNobodyReadsAsync(image);
    }

    private static async Task ServesAsync(string image, string target, string greeting, params string[] options)
    {
        using var command = MorganaCommand.Start(["run", image, "--target", target, "--publish", "0:80", .. options]);
        int port = await command.PortAsync(80);
        using var client = new HttpClient { BaseAddress = new Uri($"http://localhost:{port}/"), Timeout = TimeSpan.FromMinutes(2) };
        Assert.Equal(greeting, await client.GetStringAsync("/hello"));
        Assert.Contains("An ordinary web application.", await client.GetStringAsync("/index.html"), StringComparison.Ordinal);
        command.Signal(Interrupt);
        var (status, output, error) = await command.EndAsync();
        Assert.True(status == 0, error);
        // The host was asked to end, and has ended by itself.
        Assert.Contains("Application is shutting down...", output, StringComparison.Ordinal);
        Assert.Contains("Content root path: /app", output, StringComparison.Ordinal);
    }

    // More than the pipe, the sockets and the monitor hold, and less than the logger keeps in its queue then.
    private static async Task GoesOnWhileNobodyReadsAsync(string image)
    {
        const int asked = 700;
        using var command = MorganaCommand.Start(
            "run", image, "--target", "vm", "--accel", "tcg", "--publish", "0:80", "--env", "Logging__LogLevel__Microsoft.AspNetCore=Information");
        int port = await command.PortAsync(80);
        using var client = new HttpClient { BaseAddress = new Uri($"http://localhost:{port}/"), Timeout = TimeSpan.FromMinutes(2) };
        await command.Reading.WaitAsync();
        for (int i = 0; i < asked; i++) Assert.Equal("Hello, world!", await client.GetStringAsync($"/hello?{i}"));
        command.Reading.Release();
        await command.LineWithAsync($"/hello?{asked - 1} - 200");
        command.Signal(Interrupt);
        var (status, output, error) = await command.EndAsync();
        Assert.True(status == 0, error);
        string[] said = [.. output.Split('\n').Where(l => l.Contains("Request starting", StringComparison.Ordinal))];
        Assert.Equal(Enumerable.Range(0, asked).Select(i => $"      Request starting HTTP/1.1 GET http://localhost:{port}/hello?{i} - - -"), said);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static bool IsOutput(string project, string file) =>
        file.StartsWith(Path.Combine(project, "obj"), StringComparison.Ordinal) || file.StartsWith(Path.Combine(project, "bin"), StringComparison.Ordinal);

    // Every call with which Linux could make, join or wait for a socket, by any thread of the guest. Its device was open before.
    private static async Task<MorganaCommand> TraceAsync(int guest, string trace)
    {
        const string calls = "trace=socket,socketpair,connect,accept,accept4,bind,listen,epoll_create1,epoll_ctl,epoll_wait,epoll_pwait";
        var strace = MorganaCommand.Start(new CommandSettings { Program = "strace", Arguments = ["-f", "-qqq", "-e", calls, "-e", "signal=none", "-o", trace, "-p", $"{guest}"] });
        for (int looks = 0; File.ReadLines($"/proc/{guest}/status").Any(l => l == "TracerPid:\t0"); looks++)
        {
            Assert.True(looks < 6000, "strace could not attach itself to the guest.");
            await Task.Delay(10);
        }

        return strace;
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (string folder in Directory.GetDirectories(from).Where(d => Path.GetFileName(d) is not ("bin" or "obj"))) Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
    }
}
