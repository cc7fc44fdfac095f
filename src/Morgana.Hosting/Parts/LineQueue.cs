namespace Morgana.Hosting;

/// <summary>Lines of a reader that can only be waited for by a thread, such as .NET's standard input: a thread of its own does, from the first call on. Any thread.</summary>
/// <param name="open">Gives the reader.</param>
internal sealed class LineQueue(Func<TextReader> open)
{
    // What is typed ahead; the thread waits when nobody wants it.
    private const int Most = 64;

    private readonly object _gate = new();
    private readonly Queue<string> _lines = new();
    private TaskCompletionSource? _more;
    private bool _isStarted, _isEnded;

    /// <summary>The next line; null when there are no more. Whoever gives up leaves the line to the next.</summary>
    public async ValueTask<string?> ReadLineAsync(CancellationToken cancel)
    {
        while (true)
        {
            Task more;
            lock (_gate)
            {
                if (!_isStarted) Start();
                if (_lines.TryDequeue(out string? line))
                {
                    Monitor.Pulse(_gate);
                    return line;
                }

                if (_isEnded) return null;
                more = (_more ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await more.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    private void Start()
    {
        _isStarted = true;
        new Thread(Run, 256 << 10) { IsBackground = true, Name = "console" }.Start();
    }

    private void Run()
    {
        var reader = open();
        string? line;
        do
        {
            line = ReadLine(reader);
            lock (_gate)
            {
                if (line is null) _isEnded = true;
                else _lines.Enqueue(line);
                _more?.SetResult();
                _more = null;
                while (_lines.Count >= Most) Monitor.Wait(_gate);
            }
        }
        while (line is not null);
    }

    // A terminal that has gone away says no more than one that has ended.
    private static string? ReadLine(TextReader reader)
    {
        try
        {
            return reader.ReadLine();
        }
        catch (IOException)
        {
            return null;
        }
    }
}
