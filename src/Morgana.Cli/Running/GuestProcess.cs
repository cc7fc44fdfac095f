using System.Runtime.InteropServices;
using Morgana.Build;
using Morgana.Sandbox;

namespace Morgana.Cli.Running;

/// <summary>A guest as a Linux process: it has standard output and error in common with the runner, the descriptors handed over, and nothing else.</summary>
internal sealed class GuestProcess
{
    /// <summary>The first descriptor that is handed over; the others follow.</summary>
    public const int FirstDescriptor = 3;

    private const int ReadWrite = 2;                                        // O_RDWR

    /// <summary>How long a guest has to end: longer than a web server gives its requests (Morgana.Hosting's WebLimits), and short enough that Ctrl-C takes less than a second.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(750);

    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly object _gate = new();
    private int _pid;

    private GuestProcess()
    {
    }

    /// <summary>The exit status: the guest's own, or 128 and the number of the signal which ended it.</summary>
    public Task<int> Exited => _exited.Task;

    /// <summary>The signal which ended it, once it has ended; 0 if it returned a status of its own, which may be as large.</summary>
    public int EndedBy { get; private set; }

    /// <summary>The process's number, also after it has ended.</summary>
    public int Id { get; private set; }

    /// <summary>Starts a program, and leaves the descriptors to the caller, whose copies they remain.</summary>
    /// <param name="program">The file's full path.</param>
    /// <param name="arguments">What follows the program's name.</param>
    /// <param name="environment">All of the guest's environment.</param>
    /// <param name="descriptors">Become 3, 4, ... in the guest.</param>
    /// <param name="limit">What holds it to its memory, if anything does.</param>
    /// <param name="rules">What is left to it of files, sockets and signals, if it is confined. It then ties itself to the runner.</param>
    /// <param name="console">Becomes its standard input, and output if it is a terminal; without one it reads the end at once.</param>
    public static GuestProcess Start(
        string program, IEnumerable<string> arguments, IEnumerable<string> environment, ReadOnlySpan<int> descriptors, MemoryLimit? limit = null, LandlockRuleset? rules = null, GuestConsole? console = null)
    {
        // Nothing but the image may be executed by a confined thread: no setpriv, and no shell that joins the group.
        if (rules is not null)
        {
            var confined = Launch([program, .. arguments], [.. environment], descriptors, console, rules);
            limit?.Add(confined.Id);
            return confined;
        }

        // setpriv asks the kernel to end the guest when the thread that started it ends: so the guest dies even if the runner is killed.
        string? setpriv = Toolchain.FindProgram("setpriv");
        string[] ties = setpriv is null ? [] : [setpriv, "--pdeathsig", "KILL", "--"];
        return Launch([.. limit?.Prefix ?? [], .. ties, program, .. arguments], [.. environment], descriptors, console, null);
    }

    /// <summary>Asks the guest to end, and ends it if it does not in time.</summary>
    /// <param name="insist">When cancelled, the guest is ended at once.</param>
    /// <param name="grace">How long it has; by default <see cref="Grace"/>.</param>
    public async Task StopAsync(CancellationToken insist, TimeSpan? grace = null)
    {
        Signal(Libc.Terminate);
        try
        {
            await Exited.WaitAsync(grace ?? Grace, insist);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            Signal(Libc.Kill);
            await Exited;
        }
    }

    // The thread waits for the guest and so lives as long as the runner or the guest, which what ties the guest to it needs.
    private static GuestProcess Launch(string[] command, string[] variables, ReadOnlySpan<int> descriptors, GuestConsole? console, LandlockRuleset? rules)
    {
        var guest = new GuestProcess();
        int[] handed = descriptors.ToArray();
        // A confined thread can open nothing, so that everything it calls has to be there.
        Marshal.PrelinkAll(typeof(Libc));
        using var started = new ManualResetEventSlim();
        string? fault = null;
        var thread = new Thread(() =>
        {
            fault = guest.Spawn(command, variables, handed, console, rules);
            bool isRunning = fault is null;
            started.Set();
            if (isRunning) guest.Wait();
        })
        { IsBackground = true, Name = "guest" };
        thread.Start();
        started.Wait();
        return fault is null ? guest : throw new CommandException($"{command[0]} cannot be started: {fault}");
    }

    // Its process group too: what the guest may have started (under the JIT) ends with it.
    private void Signal(int signal)
    {
        lock (_gate)
        {
            if (_pid > 0) _ = Libc.Signal(-_pid, signal);
        }
    }

    private unsafe void Wait()
    {
        int status;
        while (Libc.WaitPid(_pid, &status, 0) < 0 && Marshal.GetLastPInvokeError() == Libc.EIntr)
        {
        }

        lock (_gate) _pid = 0;                  // From here on the number may be another process's.
        // wait(2): the low seven bits are the signal, or zero when the program returned a status.
        int signal = status & 0x7f;
        EndedBy = signal;
        _exited.SetResult(signal == 0 ? (status >> 8) & 0xff : 128 + signal);
    }

    /// <returns>What went wrong, or null.</returns>
    /// <remarks>
    /// Safety: every buffer is as large as glibc's type or larger, lives in this frame or in <see cref="Strings"/> until the call returns,
    /// and posix_spawn keeps none of them: the child has become another program, or failed, when it returns.
    /// </remarks>
    private unsafe string? Spawn(string[] command, string[] variables, int[] descriptors, GuestConsole? console, LandlockRuleset? rules)
    {
        byte* attributes = stackalloc byte[Libc.AttributesSize];
        byte* actions = stackalloc byte[Libc.ActionsSize];
        byte* signals = stackalloc byte[Libc.SignalSetSize];
        new Span<byte>(signals, Libc.SignalSetSize).Clear();
        _ = Libc.InitializeAttributes(attributes);
        // Its own process group, so that a terminal's Ctrl-C comes to the runner alone, or a session, whose first terminal that is opened is its own
        // (setsid(2)); no signal blocked, and none ignored: .NET ignores SIGPIPE.
        _ = Libc.SetFlags(attributes, (short)((console?.Terminal is null ? Libc.SpawnSetProcessGroup : Libc.SpawnSetSession) | Libc.SpawnSetSignalDefaults | Libc.SpawnSetSignalMask));
        _ = Libc.SetSignalMask(attributes, signals);
        new Span<byte>(signals, Libc.SignalSetSize).Fill(0xff);
        _ = Libc.SetSignalDefaults(attributes, signals);

        _ = Libc.InitializeActions(actions);
        using var strings = new Strings();
        using var nothing = File.OpenHandle("/dev/null");
        if (console?.Terminal is { } terminal)
        {
            _ = Libc.AddOpen(actions, 0, strings.Add(terminal), ReadWrite, 0);
            for (int i = 1; i <= (console.HasErrors ? 2 : 1); i++) _ = Libc.AddDuplicate(actions, 0, i);
        }
        else
        {
            _ = Libc.AddDuplicate(actions, console?.Input ?? (int)nothing.DangerousGetHandle(), 0);
        }

        // Copies far above the places they go to, so that no descriptor is overwritten before its turn.
        int[] copies = [.. descriptors.Select(d => Libc.Control(d, Libc.DuplicateCloseOnExec, 100))];
        for (int i = 0; i < copies.Length; i++) _ = Libc.AddDuplicate(actions, copies[i], FirstDescriptor + i);
        // What the runner itself has inherited from a shell or an editor is none of the guest's business.
        _ = Libc.AddCloseFrom(actions, FirstDescriptor + copies.Length);
        try
        {
            byte* program = strings.Add(command[0]);
            byte** arguments = strings.AddAll(command), environment = strings.AddAll(variables);
            rules?.RestrictThread();            // From here on this thread can open nothing.
            int child;
            int error = Libc.Spawn(&child, program, actions, attributes, arguments, environment);
            if (error != 0) return Marshal.GetPInvokeErrorMessage(error);
            Id = _pid = child;
            return null;
        }
        catch (SandboxException e)
        {
            return e.Message;
        }
        finally
        {
            foreach (int copy in copies) _ = Libc.Close(copy);
            _ = Libc.DestroyActions(actions);
        }
    }

    /// <summary>C strings and arrays of them, freed together.</summary>
    private sealed unsafe class Strings : IDisposable
    {
        private readonly List<nint> _memory = [];

        public byte* Add(string text)
        {
            nint memory = Marshal.StringToCoTaskMemUTF8(text);
            _memory.Add(memory);
            return (byte*)memory;
        }

        public byte** AddAll(string[] texts)
        {
            nint array = Marshal.AllocCoTaskMem((texts.Length + 1) * sizeof(byte*));
            _memory.Add(array);
            byte** items = (byte**)array;
            for (int i = 0; i < texts.Length; i++) items[i] = Add(texts[i]);
            items[texts.Length] = null;
            return items;
        }

        public void Dispose()
        {
            foreach (nint memory in _memory) Marshal.FreeCoTaskMem(memory);
        }
    }
}
