using System.Globalization;
using System.IO.Pipes;
using Morgana.Sandbox;

namespace Morgana.Cli.Running;

/// <summary>The runner's half of the sandbox target: landlock around the guest from its first instruction on, and proof that it has closed its seal.</summary>
internal sealed class Confinement : IDisposable
{
    private static readonly TimeSpan SealTimeout = TimeSpan.FromSeconds(10);

    // What .NET's start-up code and the C library read before Main. They find defaults for what is not there.
    private static readonly PathRule[] StartUp =
    [
        new("/proc", FileAccessRights.ReadFile),
        new("/sys/fs/cgroup", FileAccessRights.ReadFile | FileAccessRights.ReadDirectory),
        new("/sys/devices/system", FileAccessRights.ReadFile | FileAccessRights.ReadDirectory),
        new("/dev/urandom", FileAccessRights.ReadFile),
    ];

    private readonly AnonymousPipeServerStream _report;
    private readonly int _number;

    private Confinement(LandlockRuleset rules, AnonymousPipeServerStream report, int number) => (Rules, _report, _number) = (rules, report, number);

    /// <summary>What the thread which starts the guest keeps of files, sockets and signals.</summary>
    public LandlockRuleset Rules { get; }

    /// <summary>The guest's end of the pipe by which it says that it is sealed.</summary>
    public int Descriptor => (int)_report.ClientSafePipeHandle.DangerousGetHandle();

    /// <summary>What tells the guest to seal itself.</summary>
    public IEnumerable<string> Environment =>
    [
        string.Create(CultureInfo.InvariantCulture, $"MORGANA_SANDBOX=fd={_number},parent={System.Environment.ProcessId}"),
        // Else glibc registers each thread by rseq(2), and ends the process where that is refused.
        "GLIBC_TUNABLES=glibc.pthread.rseq=0",
    ];

    /// <param name="image">The one file that may be executed.</param>
    /// <param name="number">The number that <see cref="Descriptor"/> gets in the guest.</param>
    /// <exception cref="CommandException">This kernel has no landlock.</exception>
    public static Confinement Prepare(string image, int number)
    {
        try
        {
            var rules = Landlock.Prepare([.. StartUp, new(image, FileAccessRights.Execute | FileAccessRights.ReadFile)]);
            return new(rules, new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.None), number);
        }
        catch (SandboxException e)
        {
            throw new CommandException(e.Message);
        }
    }

    /// <summary>Waits until the guest says that it is sealed, or has ended, and asks the kernel whether each of its threads is.</summary>
    /// <exception cref="CommandException">It is not sealed.</exception>
    public async Task WaitUntilSealedAsync(GuestProcess guest)
    {
        _report.DisposeLocalCopyOfClientHandle();
        byte[] octet = new byte[1];
        try
        {
            // A guest that ends closes its end of the pipe, and nothing comes: then its own messages say why.
            if (await Task.Run(() => _report.Read(octet)).WaitAsync(SealTimeout) == 0)
            {
                await guest.Exited.WaitAsync(SealTimeout);
                return;
            }
        }
        catch (TimeoutException)
        {
            throw new CommandException($"the guest has not closed its sandbox within {SealTimeout.TotalSeconds} s: only an image with Morgana.Hosting can; run it with --target process");
        }

        if (FindOpenThread(guest.Id) is { } thread) throw new CommandException($"the guest says that it is sealed, but its thread {thread} is not");
    }

    public void Dispose()
    {
        Rules.Dispose();
        _report.Dispose();
    }

    // proc(5), "Seccomp": 2 is SECCOMP_MODE_FILTER.
    private static string? FindOpenThread(int process)
    {
        try
        {
            return Directory.EnumerateDirectories($"/proc/{process}/task").FirstOrDefault(task => !IsSealed(task)) is { } open ? Path.GetFileName(open) : null;
        }
        catch (DirectoryNotFoundException)
        {
            return null;                        // It has ended.
        }
    }

    private static bool IsSealed(string task)
    {
        try
        {
            return File.ReadLines(Path.Combine(task, "status")).Any(line => line.StartsWith("Seccomp:", StringComparison.Ordinal) && line.TrimEnd().EndsWith('2'));
        }
        catch (IOException)
        {
            return true;                        // The thread has ended.
        }
    }
}
