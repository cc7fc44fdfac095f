using System.Text;

namespace Morgana.Composition;

/// <summary>A unikernel's parts: each is made once, when it is first needed, and stopped in the reverse order. Generated code derives from it.</summary>
public abstract class Graph : IAsyncDisposable
{
    private readonly Bindings _bindings;
    private readonly object _gate = new();
    private readonly List<(string Label, object Part)> _started = [];       // In the order in which they were ready: a part after what it needs.
    private readonly CancellationTokenSource _starting = new();
    private readonly List<string> _unstopped = [];
    private BootLine? _line;
    private bool _stopped;

    /// <summary>Parses nothing and starts nothing yet.</summary>
    protected Graph(Bindings bindings) => _bindings = bindings;

    /// <summary>What the program is called.</summary>
    public abstract string Name { get; }

    /// <summary>What it is for.</summary>
    public virtual string Help => "";

    /// <summary>The boot arguments of all parts.</summary>
    public abstract IReadOnlyList<ArgumentDescription> Arguments { get; }

    /// <summary>The devices that a runner attaches.</summary>
    public virtual IReadOnlyList<DeviceDescription> Devices => [];

    /// <summary>The secrets that a runner hands over.</summary>
    public virtual IReadOnlyList<string> Secrets => [];

    /// <summary>How long all parts may take to start.</summary>
    public virtual TimeSpan StartLimit => TimeSpan.FromSeconds(30);

    /// <summary>How long all parts may take to stop.</summary>
    public virtual TimeSpan StopLimit => TimeSpan.FromSeconds(10);

    /// <summary>Whether <c>--help</c> was asked for: then the graph is not to be started.</summary>
    public bool IsHelpWanted { get; private set; }

    /// <summary>The labels of the parts that are ready, in the order in which they were.</summary>
    public IReadOnlyList<string> Started
    {
        get
        {
            lock (_gate) return [.. _started.Select(s => s.Label)];
        }
    }

    /// <summary>The label of the first part that failed to start; null if none has.</summary>
    public string? FailedPart { get; private set; }

    /// <summary>The text that was given for a boot argument, or null.</summary>
    public string? Find(ArgumentDescription argument) => _line?.Find(argument);

    /// <summary>Cancelled when the time to start is over.</summary>
    protected CancellationToken Starting => _starting.Token;

    /// <summary>Text for <c>--help</c>.</summary>
    public string WriteHelp() => HelpPage.Write(this);

    /// <summary>Makes every part and the unikernel itself. If one fails, those that were started are stopped again.</summary>
    /// <exception cref="TimeoutException">It took longer than <see cref="StartLimit"/>.</exception>
    public async Task StartAsync(CancellationToken cancel = default)
    {
        _starting.CancelAfter(StartLimit);
        using var registration = cancel.UnsafeRegister(static s => ((CancellationTokenSource)s!).Cancel(), _starting);
        try
        {
            await StartPartsAsync().WaitAsync(_starting.Token).ConfigureAwait(false);
            _starting.CancelAfter(Timeout.InfiniteTimeSpan);
        }
        catch (Exception e)
        {
            await DisposeAsync().ConfigureAwait(false);
            if (e is OperationCanceledException && !cancel.IsCancellationRequested) throw new TimeoutException($"The parts of {Name} did not start within {StartLimit.TotalSeconds} seconds.");
            throw;
        }
    }

    /// <summary>Runs the unikernel after <see cref="StartAsync"/>, until it ends or <paramref name="stop"/> is cancelled and it has heard of it.</summary>
    /// <returns>Its exit status.</returns>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        lock (_gate)
        {
            foreach (var (_, part) in _started)
                if (part is IEndingPart ending) _ = ending.Completion.ContinueWith(static (_, s) => ((CancellationTokenSource)s!).Cancel(), end, TaskScheduler.Default);
        }

        try
        {
            return await RunUnikernelAsync(end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            return 0;
        }
    }

    /// <summary>Stops the parts in the reverse order of their start. What takes longer than <see cref="StopLimit"/> is left.</summary>
    public async ValueTask DisposeAsync()
    {
        (string Label, object Part)[] parts;
        lock (_gate)
        {
            if (_stopped) return;
            _stopped = true;
            parts = [.. _started];
        }

        using var limit = new CancellationTokenSource(StopLimit);
        foreach (var (label, part) in parts.Reverse())
        {
            try
            {
                await StopAsync(part).WaitAsync(limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (limit.IsCancellationRequested)
            {
                _unstopped.Add($"{label} did not stop within {StopLimit.TotalSeconds} seconds");
            }
            catch (Exception e)
            {
                // One part that fails must not keep the others from being stopped: a store behind it has something to write.
                _unstopped.Add($"{label} did not stop: {e.Message}");
            }
        }
    }

    /// <summary>What went wrong while parts were stopped, a line for each that failed or was given up.</summary>
    public IReadOnlyList<string> Unstopped => _unstopped;

    /// <summary>Makes what the root needs, all at the same time, and then the root.</summary>
    protected abstract Task StartPartsAsync();

    /// <summary>Runs the root.</summary>
    protected virtual Task<int> RunUnikernelAsync(CancellationToken stop) => Task.FromResult(0);

    /// <summary>Takes the command line apart, and looks whether the devices are those that were asked for; generated constructors call it first.</summary>
    /// <exception cref="BootException">They are not.</exception>
    protected BootLine ParseArguments()
    {
        var line = _line = BootLine.Parse(_bindings.Arguments, Arguments);
        IsHelpWanted = line.IsHelpWanted;
        if (!IsHelpWanted) CheckDevices();
        return line;
    }

    /// <summary>Whether a part will be made: it is needed, and nothing was bound in its place.</summary>
    protected bool IsMade<T>(string? name, bool isNeeded)
        where T : class => isNeeded && !_bindings.TryFind<T>(name, out _);

    /// <summary>Looks for a device before anything starts.</summary>
    /// <exception cref="BootException">It is not attached.</exception>
    protected void RequireDevice(string name, string kind) => _ = TakeDevice(name, kind);

    /// <summary>The part that is bound, or the one that was made before, or now the one that <paramref name="provide"/> makes.</summary>
    /// <param name="slot">Keeps it.</param>
    /// <param name="name">Its name; null if it has none.</param>
    /// <param name="label">What <see cref="Started"/> calls it.</param>
    /// <param name="provide">Makes it.</param>
    /// <remarks>Generated code asks for all parts before it awaits the first: so they start at the same time, and this needs no lock.</remarks>
    protected Task<T> Part<T>(ref Task<T>? slot, string? name, string label, Func<Task<T>> provide)
        where T : class
    {
        if (slot is not null) return slot;
        return slot = _bindings.TryFind<T>(name, out var bound) ? Task.FromResult(bound!) : StartAsync(label, provide);
    }

    /// <summary>The device that the runner attached.</summary>
    /// <exception cref="BootException">There is none.</exception>
    protected DeviceHandle TakeDevice(string name, string kind)
    {
        var device = _bindings.FindDevice(name);
        if (device is null && !_bindings.HasRunner && kind == "network") device = new(name, DeviceHandle.InProcess, new Dictionary<string, string>());
        string[] all = [.. Devices.Where(d => d.Kind == kind).Select(d => d.Name)];
        if (device is not null) return device with { Index = Array.IndexOf(all, name), Count = all.Length };
        string option = kind switch { "network" => $"--net {name}=gateway", "block" => $"--block {name}=FILE", _ => $"--device {name}=DRIVER" };
        throw new BootException($"{Name} needs a {kind} device '{name}': start it with 'morgana run ... {option}'.");
    }

    /// <summary>A driver that the image does not have.</summary>
    protected BootException UnknownDriver(DeviceHandle device, string drivers) => device.Driver == DeviceHandle.InProcess
        ? new($"{Name} gets its devices from a runner: start it with 'morgana run'.")
        : new($"{DeviceHandle.Variable}: {device.Name} wants the driver '{device.Driver}', and this image has {drivers}.");

    /// <summary>A secret's octets.</summary>
    /// <exception cref="BootException">There is none.</exception>
    protected byte[] TakeSecret(string name) =>
        _bindings.FindSecret(name) ?? throw new BootException($"{Name} needs the secret '{name}': start it with 'morgana run ... --secret {name}=FILE' or --secret {name}=env:VARIABLE.");

    /// <summary>A secret as text, without the line end that editors leave.</summary>
    protected string TakeSecretText(string name)
    {
        string text = Encoding.UTF8.GetString(TakeSecret(name));
        return text.EndsWith('\n') ? text[..^(text.EndsWith("\r\n", StringComparison.Ordinal) ? 2 : 1)] : text;
    }

    /// <summary>A secret of another type. What was expected is said without the secret.</summary>
    protected T TakeSecret<T>(string name)
        where T : IParsable<T> =>
        T.TryParse(TakeSecretText(name), System.Globalization.CultureInfo.InvariantCulture, out var value) ? value : throw new BootException($"the secret '{name}' is not what was expected, a {typeof(T).Name}.");

    /// <summary>What the runner attached and nobody asked for is a mistake: perhaps of a letter.</summary>
    private void CheckDevices()
    {
        foreach (var device in _bindings.Devices)
        {
            if (Devices.Any(d => d.Name == device.Name)) continue;
            string wanted = Devices.Count == 0 ? "it needs none" : "it needs " + string.Join(", ", Devices.Select(d => d.Name));
            throw new BootException($"{DeviceHandle.Variable}: {Name} has no device '{device.Name}'; {wanted}.");
        }
    }

    private async Task<T> StartAsync<T>(string label, Func<Task<T>> provide)
        where T : class
    {
        T part;
        try
        {
            part = await provide().ConfigureAwait(false) ?? throw new InvalidOperationException($"The provider of {label} gave nothing.");
        }
        catch
        {
            // What needs it fails after it, with the same exception.
            lock (_gate) FailedPart ??= label;
            throw;
        }

        bool tooLate;
        lock (_gate)
        {
            tooLate = _stopped;
            if (!tooLate) _started.Add((label, part));
        }

        // The others have been stopped already: what comes late must not stay.
        if (tooLate) await StopAsync(part).ConfigureAwait(false);
        return part;
    }

    private static Task StopAsync(object part)
    {
        switch (part)
        {
            case IAsyncDisposable asynchronous:
                return asynchronous.DisposeAsync().AsTask();
            case IDisposable synchronous:
                return Task.Run(synchronous.Dispose);       // It may block: the time limit holds for it too.
            default:
                return Task.CompletedTask;
        }
    }
}
