using System.Diagnostics;
using Morgana.Cli.Running;

namespace Morgana.Cli.Tests.Running;

/// <summary>The command as a user starts it, in the repository's root.</summary>
internal sealed class MorganaCommand : IDisposable
{
    public static string Root { get; } = FindRoot();

    private readonly Process _process;
    private readonly Task<string> _error;

    private MorganaCommand(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        _error = _process.StandardError.ReadToEndAsync();
    }

    public int Id => _process.Id;

    public StreamReader Output => _process.StandardOutput;

    /// <summary>The guest's process, once it runs.</summary>
    public async Task<int> GuestAsync()
    {
        for (; ; await Task.Delay(5))
        {
            if (_process.HasExited) throw new InvalidOperationException("the command ended: " + await _error);
            foreach (string thread in Directory.GetDirectories($"/proc/{Id}/task"))
            {
                foreach (string child in (await File.ReadAllTextAsync(thread + "/children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
                {
                    // Before it becomes the image, it is setpriv.
                    if (File.ReadAllText($"/proc/{child}/comm").Trim() is not ("setpriv" or "morgana" or "dotnet" or ".NET TP Worker" or "guest")) return int.Parse(child);
                }
            }
        }
    }

    public static MorganaCommand Start(params string[] arguments) => new(Path.Combine(Root, "morgana"), arguments);

    public static MorganaCommand StartUnprivileged(params string[] arguments) => Environment.IsPrivilegedProcess
        ? new("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "--", Path.Combine(Root, "morgana"), .. arguments])
        : Start(arguments);

    public static async Task<(int Status, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var command = Start(arguments);
        return await command.EndAsync();
    }

    public async Task<(int Status, string Output, string Error)> EndAsync()
    {
        string output = await Output.ReadToEndAsync();
        await _process.WaitForExitAsync();
        return (_process.ExitCode, output, await _error);
    }

    public void Signal(int signal) => Libc.Signal(Id, signal);

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Morgana.slnx"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("The tests run from within the repository.");
    }
}
