namespace Morgana.Composition;

/// <summary>What a graph is started with: boot arguments, devices, secrets, and parts that stand in for others.</summary>
/// <remarks>What a replaced part would have needed never starts. A part that was bound stays its owner's: the graph does not dispose of it.</remarks>
public sealed class Bindings
{
    private readonly List<(string? Name, object Part)> _parts = [];
    private readonly Dictionary<string, DeviceHandle> _devices = new(StringComparer.Ordinal);
    private readonly Dictionary<string, byte[]> _secrets = new(StringComparer.Ordinal);
    private readonly List<string> _arguments = [];

    /// <summary>The boot arguments.</summary>
    public IReadOnlyList<string> Arguments => _arguments;

    /// <summary>Puts a part in the place of the one that the graph would make. It stands for each interface that it has.</summary>
    /// <param name="part">The part.</param>
    /// <param name="name">The name of the one that it replaces; null for the one without a name.</param>
    public Bindings Bind(object part, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(part);
        _parts.Add((name, part));
        return this;
    }

    /// <summary>Adds boot arguments: <c>--greeting=hi</c>.</summary>
    public Bindings Pass(params IEnumerable<string> arguments)
    {
        _arguments.AddRange(arguments);
        return this;
    }

    /// <summary>Adds a secret.</summary>
    public Bindings Secret(string name, ReadOnlyMemory<byte> octets)
    {
        _secrets[name] = octets.ToArray();
        return this;
    }

    /// <summary>Attaches a device.</summary>
    /// <exception cref="BootException">One of that name is attached.</exception>
    public Bindings Attach(DeviceHandle device)
    {
        if (!_devices.TryAdd(device.Name, device)) throw new BootException($"{DeviceHandle.Variable}: {device.Name} is attached twice.");
        return this;
    }

    /// <summary>What a process was started with: its command line, and what its runner hands over.</summary>
    /// <exception cref="BootException">What the runner says is damaged.</exception>
    public static Bindings FromProcess(string[] arguments)
    {
        var bindings = new Bindings().Pass(arguments);
        if (Environment.GetEnvironmentVariable(DeviceHandle.Variable) is { } devices)
        {
            bindings.HasRunner = true;
            foreach (var device in DeviceHandle.ParseList(devices)) bindings.Attach(device);
        }

        foreach (var (name, octets) in SecretChannel.Read()) bindings._secrets[name] = octets;
        return bindings;
    }

    /// <summary>Whether a runner started the process. Else, under the JIT, the process may bring a network of its own.</summary>
    public bool HasRunner { get; private set; }

    internal bool TryFind<T>(string? name, out T? part)
        where T : class
    {
        // The last one wins, so that a test can change what its fixture has set.
        for (int i = _parts.Count - 1; i >= 0; i--)
        {
            if (_parts[i].Name != name || _parts[i].Part is not T found) continue;
            part = found;
            return true;
        }

        part = null;
        return false;
    }

    internal DeviceHandle? FindDevice(string name) => _devices.GetValueOrDefault(name);

    internal byte[]? FindSecret(string name) => _secrets.GetValueOrDefault(name);

    internal IEnumerable<DeviceHandle> Devices => _devices.Values;
}
