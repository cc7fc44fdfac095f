using System.Diagnostics;
using Morgana.Build;

namespace Morgana.Cli.Terminal;

/// <summary>A build's progress on standard error: one line that moves where a person watches, plain lines elsewhere.</summary>
internal sealed class ConsoleBuildLog : IBuildLog, IDisposable
{
    private const string Wheel = "|/-\\";
    private readonly object _gate = new();
    private readonly bool _watched = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb");
    private Timer? _timer;
    private string _work = "";
    private string _step = "";
    private long _started;
    private int _turn;

    public void Started(string work)
    {
        lock (_gate)
        {
            (_work, _started) = (work, Stopwatch.GetTimestamp());
            if (_watched) _timer = new Timer(_ => Draw(), null, 0, 120);
            else Console.Error.WriteLine(work + " ...");
        }
    }

    public void Step(string step)
    {
        lock (_gate)
        {
            _step = step;
            if (!_watched) Console.Error.WriteLine("  " + step);
        }
    }

    public void Finished(string work, TimeSpan elapsed)
    {
        lock (_gate)
        {
            Clear();
            Console.Error.WriteLine($"{work}: done in {elapsed.TotalSeconds:F0} s");
        }
    }

    public void Warning(string line)
    {
        lock (_gate)
        {
            if (_timer is not null) Console.Error.Write("\r\e[K");
            Console.Error.WriteLine(line);
        }
    }

    public void Dispose()
    {
        lock (_gate) Clear();
    }

    private void Clear()
    {
        if (_timer is null) return;
        _timer.Dispose();
        _timer = null;
        Console.Error.Write("\r\e[K");
    }

    private void Draw()
    {
        lock (_gate)
        {
            if (_timer is null) return;
            string line = $"{Wheel[_turn++ % Wheel.Length]} {_work} {Stopwatch.GetElapsedTime(_started).TotalSeconds:F0} s{(_step.Length > 0 ? ": " + _step : "")}";
            // A terminal that does not know its width says 0.
            int width = Console.WindowWidth is > 1 and var columns ? columns - 1 : 79;
            Console.Error.Write("\r\e[K" + (line.Length > width ? line[..width] : line));
        }
    }
}
