using System.Net.Sockets;

namespace Morgana.Cli.Tests.Running;

/// <summary>The sandbox target, with an image which tries what it must not do.</summary>
public class SandboxTests
{
    private const int Interrupt = 2;

    [SandboxFact]
    public async Task A_sealed_guest_opens_no_file_makes_no_socket_executes_nothing_and_serves_on()
    {
        using var probe = MorganaCommand.Start("run", "tests/Unikernels/SandboxProbe", "--target", "sandbox", "--publish", "0:7");
        int port = await probe.PortAsync(7);
        using var client = new TcpClient("127.0.0.1", port);
        using var reader = new StreamReader(client.GetStream());
        await using var writer = new StreamWriter(client.GetStream()) { AutoFlush = true, NewLine = "\n" };

        string[] refused =
        [
            "open", "openat", "socket", "exec", "fork", "clone a process", "signal the runner", "tgkill init", "executable memory", "ptrace", "io_uring", "bpf", "x32 getpid",
        ];
        foreach (string attempt in refused) Assert.Equal((attempt, "Operation not permitted"), (attempt, await AskAsync(attempt)));
        Assert.Contains(await AskAsync("managed file"), (string[])["UnauthorizedAccessException", "IOException"]);

        Assert.Equal("done", await AskAsync("getpid"));
        Assert.Equal("done", await AskAsync("threads"));
        Assert.Equal("done with 20", await AskAsync("collect"));
        AssertEveryThreadIsSealed(await probe.GuestAsync());

        probe.SignalGroup(Interrupt);
        Assert.Equal(0, (await probe.EndAsync()).Status);

        async Task<string?> AskAsync(string attempt)
        {
            await writer.WriteLineAsync(attempt);
            return await reader.ReadLineAsync();
        }
    }

    [SandboxFact]
    public async Task A_guest_in_landlock_has_no_shell_to_run()
    {
        // /bin/sh is linked dynamically, and the loader is not among what may be executed.
        var (status, output, error) = await MorganaCommand.RunAsync("run", "/bin/sh", "--target", "sandbox", "--net", "none", "--", "-c", "echo out");
        Assert.Equal((1, ""), (status, output));
        Assert.Contains("/bin/sh cannot be started", error, StringComparison.Ordinal);
    }

    // proc(5): 2 is SECCOMP_MODE_FILTER.
    private static void AssertEveryThreadIsSealed(int process)
    {
        foreach (string task in Directory.GetDirectories($"/proc/{process}/task"))
            Assert.Contains("Seccomp:\t2", File.ReadAllText(task + "/status"), StringComparison.Ordinal);
        Assert.Contains("NoNewPrivs:\t1", File.ReadAllText($"/proc/{process}/status"), StringComparison.Ordinal);
    }
}

/// <summary>A test that needs what the sandbox is made of.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SandboxFactAttribute : FactAttribute
{
    public SandboxFactAttribute() => Skip = IsPossible ? null : "this kernel has no landlock";

    public static bool IsPossible => Morgana.Sandbox.Landlock.Version > 0;
}
