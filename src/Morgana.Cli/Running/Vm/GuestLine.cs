using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using Morgana.Drivers.FrameSocket;

namespace Morgana.Cli.Running.Vm;

/// <summary>A line between the runner and the monitor: one end is handed over as a descriptor, the other is a stream.</summary>
internal sealed class GuestLine : IDisposable
{
    // How long an unfinished line of the guest's may keep ours waiting: it may be a prompt, that nothing follows.
    private static readonly TimeSpan s_longestLine = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private readonly FileStream _stream;
    private bool _isWithinLine;
    private bool _isDeaf;
    private int _theirs;

    public GuestLine()
    {
        (int ours, _theirs) = FrameSockets.CreatePair();
        _stream = new(new SafeFileHandle(ours, ownsHandle: true), FileAccess.ReadWrite, bufferSize: 0);
    }

    /// <summary>The monitor's end, until <see cref="Release"/>.</summary>
    public int Descriptor => _theirs;

    /// <summary>Closes the runner's copy of what the monitor has now: when it ends, the line ends.</summary>
    public void Release()
    {
        if (_theirs >= 0) FrameSockets.Close(_theirs);
        _theirs = -1;
    }

    /// <summary>Copies what comes, as it comes, until the line ends.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="fail">Hears once that nothing can be written there. What comes is taken nevertheless: a guest that nobody listens to would stop.</param>
    public Task CopyToAsync(Stream to, Action<string> fail) => HearAsync(octets =>
    {
        lock (_gate)
        {
            if (!_isDeaf && TryWrite(to, octets) is { } fault)
            {
                _isDeaf = true;
                fail(fault);
            }

            _isWithinLine = octets[^1] != '\n';
            if (!_isWithinLine) Monitor.PulseAll(_gate);
        }
    });

    private static string? TryWrite(Stream to, ReadOnlySpan<byte> octets)
    {
        try
        {
            to.Write(octets);
            to.Flush();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    /// <summary>Shows a line of the runner's own, not in the middle of one of the guest's: that comes in pieces.</summary>
    public void ShowBetweenLines(string line)
    {
        lock (_gate)
        {
            long begun = Stopwatch.GetTimestamp();
            while (_isWithinLine && s_longestLine - Stopwatch.GetElapsedTime(begun) is var left && left > TimeSpan.Zero) Monitor.Wait(_gate, left);
            Console.WriteLine(line);
        }
    }

    /// <summary>Gives what comes to <paramref name="take"/>, as it comes, until the line ends.</summary>
    public Task HearAsync(UserInput.Sink take) => Task.Factory.StartNew(() =>
    {
        byte[] buffer = new byte[4096];
        while (Read(buffer) is > 0 and int count) take(buffer.AsSpan(0, count));
    }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Writes it in one piece. Any thread.</summary>
    public void Write(ReadOnlySpan<byte> octets)
    {
        try
        {
            lock (_stream) _stream.Write(octets);
        }
        catch (IOException)
        {
            // The monitor has gone: whoever waits for it hears of that.
        }
    }

    public void Dispose()
    {
        Release();
        _stream.Dispose();
    }

    private int Read(byte[] buffer)
    {
        try
        {
            return _stream.Read(buffer, 0, buffer.Length);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return 0;
        }
    }
}
