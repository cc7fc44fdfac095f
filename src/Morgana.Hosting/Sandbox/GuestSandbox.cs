using System.Globalization;
using System.Runtime.InteropServices;
using Morgana.Sandbox;

namespace Morgana.Hosting;

/// <summary>The guest's half of the sandbox target: gives up every system call that serving does not need, and tells the runner.</summary>
/// <remarks>
/// The runner sets <c>MORGANA_SANDBOX=fd=N,parent=PID</c>. The seal is closed as soon as the devices are open: what the application does
/// after <c>UseMorgana()</c>, or in its own body, it does sealed.
/// </remarks>
internal static class GuestSandbox
{
    private const string Variable = "MORGANA_SANDBOX";

    private static readonly Lock s_gate = new();
    private static bool s_isClosed;

    // Kept: .NET asks the kernel for a signal when its first registration is made, and that is refused later.
    private static PosixSignalRegistration[]? s_signals;

    /// <summary>Whether the runner asks for the seal.</summary>
    public static bool IsAsked => Environment.GetEnvironmentVariable(Variable) is not null;

    /// <summary>Closes the seal if the runner asks for it, and it is not closed yet: whoever starts a network asks, and a program has two ways to.</summary>
    /// <exception cref="BootException">It was asked for, and the kernel does not grant it: then nothing may be served.</exception>
    public static void CloseIfAsked()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } text) return;
        lock (s_gate)
        {
            if (s_isClosed) return;
            Close(text);
            s_isClosed = true;
        }
    }

    private static void Close(string text)
    {
        if (!TryParse(text, out int report, out int parent)) throw new BootException($"{Variable}={text}: expected fd=N,parent=PID.");
        OpenWhatIsOpenedLazily();
        try
        {
            if (!ParentDeath.Follow(parent)) throw new BootException("the runner has gone.");
            SystemCallSeal.Apply([.. SystemCallTable.Served(Environment.ProcessId), .. HasDisks ? SystemCallTable.Disks : []]);
        }
        catch (SandboxException e)
        {
            throw new BootException($"the sandbox cannot be closed: {e.Message}. Use --target process to run without it.");
        }

        if (!SealReport.Send(report)) throw new BootException($"{Variable}={text}: descriptor {report} cannot be written to.");
    }

    private static bool HasDisks => Environment.GetEnvironmentVariable(Composition.DeviceHandle.Variable)?.Contains("=file,", StringComparison.Ordinal) ?? false;

    internal static bool TryParse(string text, out int report, out int parent)
    {
        report = parent = 0;
        return text.Split(',') is [var first, var second]
            && first.StartsWith("fd=", StringComparison.Ordinal) && second.StartsWith("parent=", StringComparison.Ordinal)
            && int.TryParse(first.AsSpan(3), NumberStyles.None, CultureInfo.InvariantCulture, out report) && report > 2
            && int.TryParse(second.AsSpan(7), NumberStyles.None, CultureInfo.InvariantCulture, out parent);
    }

    // .NET opens the console, /dev/urandom and its pipe for signals when they are first used. Afterwards nothing is opened any more.
    private static void OpenWhatIsOpenedLazily()
    {
        Console.Out.Flush();
        Console.Error.Flush();
        _ = Guid.NewGuid();
        _ = Random.Shared.Next();
        _ = Variable.GetHashCode(StringComparison.Ordinal);
        s_signals ??=
        [
            .. Array.ConvertAll([PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT, PosixSignal.SIGHUP],
                static signal => PosixSignalRegistration.Create(signal, static _ => { })),
        ];
    }
}
