using System.Diagnostics;
using System.Text;
using Morgana.Cli.Running;

namespace Morgana.Cli.Tests.Running;

/// <summary>How a command is started.</summary>
internal sealed record CommandSettings
{
    /// <summary>What is started; <c>./morgana</c> unless it says otherwise.</summary>
    public string Program { get; init; } = Path.Combine(MorganaCommand.Root, "morgana");

    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Put before the program: <c>ip netns exec NAME</c>.</summary>
    public IReadOnlyList<string> Prefix { get; init; } = [];

    /// <summary>Set in the environment, or with null taken out of it.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>Whether it runs as nobody, if this process may make it so.</summary>
    public bool IsUnprivileged { get; init; }

    public string Folder { get; init; } = MorganaCommand.Root;
}

/// <summary>The command as a user starts it, in the repository's root and in a process group of its own. It never waits for ever.</summary>
internal sealed class MorganaCommand : IDisposable
{
    // Building an image takes half a minute on a quiet machine; this is for one that is not.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private readonly Process _process;
    private readonly Lines _output, _error;

    private MorganaCommand(CommandSettings settings)
    {
        string[] nobody = settings.IsUnprivileged && System.Environment.IsPrivilegedProcess
            ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
            : [];
        string[] command = ["setsid", .. settings.Prefix, .. nobody, settings.Program, .. settings.Arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = settings.Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in settings.Environment)
        {
            if (value is null) start.Environment.Remove(name);
            else start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        _output = new(_process.StandardOutput);
        _error = new(_process.StandardError);
    }

    public static string Root { get; } = FindRoot();

    // In a fresh clone ./morgana builds itself first and says so: no test is to find that line in what it looks at.
    static MorganaCommand()
    {
        using var first = Process.Start(new ProcessStartInfo(Path.Combine(Root, "morgana"), ["--help"]) { RedirectStandardOutput = true })!;
        first.StandardOutput.ReadToEnd();
        first.WaitForExit();
    }

    public int Id => _process.Id;

    /// <summary>Who has it holds up the reading of what the command says, as a pager does that shows the first page.</summary>
    public SemaphoreSlim Reading => _output.Reading;

    public static MorganaCommand Start(params string[] arguments) => new(new CommandSettings { Arguments = arguments });

    public static MorganaCommand Start(CommandSettings settings) => new(settings);

    public static async Task<(int Status, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var command = Start(arguments);
        return await command.EndAsync();
    }

    public static async Task<(int Status, string Output, string Error)> RunAsync(CommandSettings settings)
    {
        using var command = Start(settings);
        return await command.EndAsync();
    }

    /// <summary>Runs some other program, and answers what it printed; a status other than 0 fails the test.</summary>
    public static async Task<string> RunProgramAsync(string program, params string[] arguments)
    {
        var (status, output, error) = await RunAsync(new CommandSettings { Program = program, Arguments = arguments });
        Assert.True(status == 0, $"'{program} {string.Join(' ', arguments)}' ended with {status}: {error}");
        return output;
    }

    /// <summary>The next line of the output that begins so.</summary>
    public Task<string> LineAsync(string beginning) => LimitAsync(_output.FindAsync(beginning), $"a line '{beginning}'");

    /// <summary>The next line of the output that has this in it.</summary>
    public Task<string> LineWithAsync(string part) => LimitAsync(_output.FindAsync(line => line.Contains(part, StringComparison.Ordinal)), $"a line with '{part}'");

    /// <summary>The port of the host that leads to the guest's port, once it is announced.</summary>
    public async Task<int> PortAsync(int guest, bool isUdp = false)
    {
        string ending = $" leads to the guest's {(isUdp ? "UDP" : "TCP")} port {guest}";
        string line = guest == 80 ? await LineAsync("http://localhost:")
            : await LimitAsync(_output.FindAsync(l => l.StartsWith("localhost:", StringComparison.Ordinal) && l.EndsWith(ending, StringComparison.Ordinal)), $"'...{ending}'");
        return int.Parse(line.Replace(ending, "", StringComparison.Ordinal).TrimEnd('/').Split(':')[^1], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>The guest's process, once it runs the program of that name; without a name, which needs a guest that has said something, the only child.</summary>
    public async Task<int> GuestAsync(string? name = null)
    {
        for (var limit = Stopwatch.StartNew(); limit.Elapsed < Patience; await Task.Delay(5))
        {
            if (_process.HasExited) throw new InvalidOperationException("The command ended: " + await _error.AllAsync());
            if (ProcessTree.Children(Id).FirstOrDefault(child => name is null || ProcessTree.Name(child) == name) is > 0 and var guest) return guest;
        }

        throw new TimeoutException("No guest was started.");
    }

    /// <summary>Waits until the command has ended and its output is closed.</summary>
    public async Task<(int Status, string Output, string Error)> EndAsync()
    {
        string output = await LimitAsync(_output.AllAsync(), "its end");
        string error = await LimitAsync(_error.AllAsync(), "its end");
        await LimitAsync(_process.WaitForExitAsync().ContinueWith(_ => 0, TaskScheduler.Default), "its end");
        return (_process.ExitCode, output, error);
    }

    /// <summary>Sends a signal to the command alone.</summary>
    public void Signal(int signal) => _ = Libc.Signal(Id, signal);

    /// <summary>Sends a signal to the command's group, as a terminal does.</summary>
    public void SignalGroup(int signal) => _ = Libc.Signal(-Id, signal);

    /// <summary>Types, or pipes, into the command.</summary>
    public void Say(string text)
    {
        _process.StandardInput.Write(text);
        _process.StandardInput.Flush();
    }

    public void CloseInput() => _process.StandardInput.Close();

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private async Task<T> LimitAsync<T>(Task<T> wanted, string what)
    {
        try
        {
            return await wanted.WaitAsync(Patience);
        }
        catch (Exception e) when (e is TimeoutException or EndOfStreamException)
        {
            if (!_process.HasExited) _process.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"The command did not come to {what}.\nOutput:\n{_output.SoFar}\nErrors:\n{_error.SoFar}", e);
        }
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Morgana.slnx"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("The tests run from within the repository.");
    }

    /// <summary>What a stream has said: it is read all the time, so that nobody who writes to it waits for us, unless a test wants that.</summary>
    private sealed class Lines
    {
        private readonly object _gate = new();
        private readonly StringBuilder _text = new();
        private readonly Task _reading;
        private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly HashSet<int> _found = [];

        public SemaphoreSlim Reading { get; } = new(1, 1);

        public Lines(StreamReader reader) => _reading = ReadAsync(reader);

        public string SoFar
        {
            get
            {
                lock (_gate) return _text.ToString();
            }
        }

        public async Task<string> AllAsync()
        {
            await _reading;
            return SoFar;
        }

        public Task<string> FindAsync(string beginning) => FindAsync(line => line.StartsWith(beginning, StringComparison.Ordinal));

        public async Task<string> FindAsync(Func<string, bool> matches)
        {
            while (true)
            {
                Task more;
                bool isOver = _reading.IsCompleted;
                lock (_gate)
                {
                    string[] lines = _text.ToString().Split('\n')[..^1];
                    // Each line is found once, in whatever order one looks for them.
                    for (int i = 0; i < lines.Length; i++)
                        if (matches(lines[i]) && _found.Add(i)) return lines[i];
                    more = _more.Task;
                }

                if (isOver) throw new EndOfStreamException();
                await Task.WhenAny(more, _reading);
            }
        }

        private async Task ReadAsync(StreamReader reader)
        {
            char[] buffer = new char[4096];
            for (int count; (count = await reader.ReadAsync(buffer)) > 0;)
            {
                await Reading.WaitAsync();
                lock (_gate)
                {
                    _text.Append(buffer, 0, count);
                    _more.SetResult();
                    _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
                }

                Reading.Release();
            }
        }
    }
}
