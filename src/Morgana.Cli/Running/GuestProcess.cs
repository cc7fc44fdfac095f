using System.Runtime.InteropServices;
using Morgana.Build;
using Morgana.Sandbox;

namespace Morgana.Cli.Running;

/// <summary>A guest as a Linux process: it has standard output and error in common with the runner, the descriptors handed over, and nothing else.</summary>
internal sealed class GuestProcess
{
    /// <summary>The first descriptor that is handed over; the others follow.</summary>
    public const int FirstDescriptor = 3;

    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(400);

    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly object _gate = new();
    private int _pid;

    private GuestProcess()
    {
    }

    /// <summary>The exit status: the guest's own, or 128 and the number of the signal which ended it.</summary>
    public Task<int> Exited => _exited.Task;

    /// <summary>Starts a program, and leaves the descriptors to the caller, whose copies they remain.</summary>
    /// <param name="program">The file's full path.</param>
    /// <param name="arguments">What follows the program's name.</param>
    /// <param name="environment">All of the guest's environment.</param>
    /// <param name="descriptors">Become 3, 4, ... in the guest.</param>
    /// <param name="limit">What holds it to its memory, if anything does.</param>
    /// <param name="rules">What is left to it of files, sockets and signals, if it is confined. It then ties itself to the runner.</param>
    public static GuestProcess Start(
        string program, IEnumerable<string> arguments, IEnumerable<string> environment, ReadOnlySpan<int> descriptors, MemoryLimit? limit = null, LandlockRuleset? rules = null)
    {
        var guest = new GuestProcess();
        // Nothing but the image may be executed by a confined thread: no setpriv, and no shell that joins the group.
        if (rules is not null) return guest.Launch([program, .. arguments], [.. environment], descriptors, limit, rules);
        // setpriv asks the kernel to end the guest when the thread that started it ends: so the guest dies even if the runner is killed.
        // The thread waits for the guest and so lives as long as the runner or the guest.
        string? setpriv = Toolchain.FindProgram("setpriv");
        string[] ties = setpriv is null ? [] : [setpriv, "--pdeathsig", "KILL", "--"];
        return guest.Launch([.. limit?.Prefix ?? [], .. ties, program, .. arguments], [.. environment], descriptors, null, null);
    }

    /// <summary>Asks the guest to end, and ends it if it does not in time.</summary>
    /// <param name="insist">When cancelled, the guest is ended at once.</param>
    public async Task StopAsync(CancellationToken insist)
    {
        Signal(Libc.Terminate);
        try
        {
            await Exited.WaitAsync(Grace, insist);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            Signal(Libc.Kill);
            await Exited;
        }
    }

    // limit: joined from outside, once the process is there; what it touched before then is not counted, which is little.
    private GuestProcess Launch(string[] command, string[] variables, ReadOnlySpan<int> descriptors, MemoryLimit? limit, LandlockRuleset? rules)
    {
        int[] handed = descriptors.ToArray();
        // A confined thread can open nothing, so that everything it calls has to be there.
        Marshal.PrelinkAll(typeof(Libc));
        using var started = new ManualResetEventSlim();
        int error = 0;
        Exception? refused = null;
        var thread = new Thread(() =>
        {
            try
            {
                error = Spawn(command, variables, handed, rules, out _pid);
            }
            catch (SandboxException e)
            {
                refused = e;
            }

            if (error == 0 && refused is null) limit?.Add(_pid);
            bool isRunning = error == 0 && refused is null;
            started.Set();
            if (isRunning) Wait();
        })
        { IsBackground = true, Name = "guest" };
        thread.Start();
        started.Wait();
        if (refused is not null) throw new CommandException(refused.Message);
        return error == 0 ? this : throw new CommandException($"{command[^1]} cannot be started: {Marshal.GetPInvokeErrorMessage(error)}");
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
        _exited.SetResult(signal == 0 ? (status >> 8) & 0xff : 128 + signal);
    }

    /// <remarks>
    /// Safety: every buffer is as large as glibc's type or larger, lives in this frame or in <see cref="Strings"/> until the call returns,
    /// and posix_spawn keeps none of them: the child has become another program, or failed, when it returns.
    /// </remarks>
    private static unsafe int Spawn(string[] command, string[] variables, int[] descriptors, out int pid)
    {
        byte* attributes = stackalloc byte[Libc.AttributesSize];
        byte* actions = stackalloc byte[Libc.ActionsSize];
        byte* signals = stackalloc byte[Libc.SignalSetSize];
        new Span<byte>(signals, Libc.SignalSetSize).Clear();
        _ = Libc.InitializeAttributes(attributes);
        // Its own process group, so that a terminal's Ctrl-C comes to the runner alone; no signal blocked, and none ignored: .NET ignores SIGPIPE.
        _ = Libc.SetFlags(attributes, Libc.SpawnSetProcessGroup | Libc.SpawnSetSignalDefaults | Libc.SpawnSetSignalMask);
        _ = Libc.SetSignalMask(attributes, signals);
        new Span<byte>(signals, Libc.SignalSetSize).Fill(0xff);
        _ = Libc.SetSignalDefaults(attributes, signals);

        _ = Libc.InitializeActions(actions);
        using var strings = new Strings();
        _ = Libc.AddOpen(actions, 0, strings.Add("/dev/null"), 0, 0);
        // Copies far above the places they go to, so that no descriptor is overwritten before its turn.
        int[] copies = [.. descriptors.Select(d => Libc.Control(d, Libc.DuplicateCloseOnExec, 100))];
        for (int i = 0; i < copies.Length; i++) _ = Libc.AddDuplicate(actions, copies[i], FirstDescriptor + i);
        // What the runner itself has inherited from a shell or an editor is none of the guest's business.
        _ = Libc.AddCloseFrom(actions, FirstDescriptor + copies.Length);
        try
        {
            int child;
            int error = Libc.Spawn(&child, strings.Add(command[0]), actions, attributes, strings.AddAll(command), strings.AddAll(variables));
            pid = error == 0 ? child : 0;
            return error;
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
