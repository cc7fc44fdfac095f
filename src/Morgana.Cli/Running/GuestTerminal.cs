using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Morgana.Cli.Running;

/// <summary>
/// A terminal of the guest's own (pty(7)), like the user's and shown in it: a program can read keys, write colours, and gets its Ctrl-C itself.
/// </summary>
/// <remarks>The user's terminal is raw meanwhile, and is given back as it was. Two threads copy; nothing else touches the descriptors.</remarks>
internal sealed class GuestTerminal : GuestConsole
{
    private const int StandardInput = 0, StandardOutput = 1, StandardError = 2;
    private const int Resized = 28;                                                   // SIGWINCH of signal(7)
    private const int ReadWrite = 2, NoControl = 0x100, CloseOnExec = 0x80000;        // O_RDWR, O_NOCTTY, O_CLOEXEC
    private readonly int _master, _slave;
    private readonly string _path;
    private readonly TerminalSettings _before;
    private readonly TaskCompletionSource _shown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private PosixSignalRegistration? _resized;
    private FileStream? _input;
    private int _isRaw, _isClosed;

    private GuestTerminal(int master, int slave, string path, TerminalSettings before) => (_master, _slave, _path, _before) = (master, slave, path, before);

    /// <inheritdoc/>
    public override string? Terminal => _path;

    /// <inheritdoc/>
    public override bool HasErrors => Libc.IsTerminal(StandardError) == 1;

    /// <inheritdoc/>
    public override string[] Environment => System.Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } name ? ["TERM=" + name] : [];

    /// <summary>Null where the user does not sit at a terminal, or not in its foreground, or Linux has none to give.</summary>
    public static GuestTerminal? TryOpen()
    {
        // In the background changing the terminal would stop us (SIGTTOU).
        if (Libc.IsTerminal(StandardInput) != 1 || Libc.IsTerminal(StandardOutput) != 1 || Libc.ForegroundGroup(StandardInput) != Libc.ProcessGroup()) return null;
        if (TerminalSettings.Read(StandardInput) is not { } before) return null;
        int master = Libc.OpenTerminal(ReadWrite | NoControl | CloseOnExec);
        if (master < 0) return null;
        if (Libc.GrantTerminal(master) == 0 && Libc.UnlockTerminal(master) == 0 && Name(master) is { } path)
        {
            // Open here as well, so that reading does not end before the guest has opened it.
            int slave = Libc.Open(path, ReadWrite | NoControl | CloseOnExec);
            if (slave >= 0)
            {
                before.ToGuest().Apply(slave);
                var terminal = new GuestTerminal(master, slave, path, before);
                terminal.Resize();
                return terminal;
            }
        }

        _ = Libc.Close(master);
        return null;
    }

    /// <inheritdoc/>
    public override void Begin()
    {
        _ = Libc.Close(_slave);
        _resized = PosixSignalRegistration.Create((PosixSignal)Resized, _ => Resize());
        AppDomain.CurrentDomain.ProcessExit += Restore;
        _isRaw = 1;
        _before.ToRaw().Apply(StandardInput);
        // A descriptor of its own: it may wait for ever in a write to a guest that does not read.
        _input = new FileStream(new SafeFileHandle(Libc.Control(_master, Libc.DuplicateCloseOnExec, 0), ownsHandle: true), FileAccess.Write, bufferSize: 0);
        UserInput.Forward(octets => _input.Write(octets), () => { });
        new Thread(Show) { IsBackground = true, Name = "terminal" }.Start();
    }

    /// <inheritdoc/>
    public override Task EndAsync() => _shown.Task;

    /// <inheritdoc/>
    public override void Dispose()
    {
        _resized?.Dispose();
        AppDomain.CurrentDomain.ProcessExit -= Restore;
        Restore(null, EventArgs.Empty);
        if (Interlocked.Exchange(ref _isClosed, 1) != 0) return;
        if (_resized is null) _ = Libc.Close(_slave);
        _ = Libc.Close(_master);
    }

    private void Restore(object? sender, EventArgs e)
    {
        if (Interlocked.Exchange(ref _isRaw, 0) == 1) _before.Apply(StandardInput);
    }

    // The end is EIO, once nobody has the other side open any more (pts(4)).
    private unsafe void Show()
    {
        byte* buffer = stackalloc byte[4096];
        while (true)
        {
            nint count = Libc.Read(_master, buffer, 4096);
            if (count < 0 && Marshal.GetLastPInvokeError() == Libc.EIntr) continue;
            if (count <= 0 || !Write(buffer, count)) break;
        }

        _shown.SetResult();
    }

    private static unsafe bool Write(byte* octets, nint count)
    {
        while (count > 0)
        {
            nint written = Libc.Write(StandardOutput, octets, (nuint)count);
            if (written < 0 && Marshal.GetLastPInvokeError() == Libc.EIntr) continue;
            if (written <= 0) return false;
            octets += written;
            count -= written;
        }

        return true;
    }

    /// <remarks>Safety: struct winsize has eight octets.</remarks>
    private unsafe void Resize()
    {
        const nuint get = 0x5413, set = 0x5414;                             // TIOCGWINSZ, TIOCSWINSZ of ioctl_tty(2)
        long size;
        if (Libc.ControlDevice(StandardOutput, get, &size) == 0) _ = Libc.ControlDevice(_master, set, &size);
    }

    private static unsafe string? Name(int master)
    {
        const int length = 64;
        byte* name = stackalloc byte[length];
        return Libc.TerminalName(master, name, length) == 0 ? Encoding.ASCII.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name)) : null;
    }
}
