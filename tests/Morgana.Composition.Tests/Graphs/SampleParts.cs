namespace Morgana.Composition.Tests;

public interface INetwork
{
    string Text { get; }
}

public interface IStore
{
    string Text { get; }
}

[DeviceKind("block")]
public interface IBlock
{
    string Text { get; }
}

/// <summary>Keeps what happened, in order.</summary>
public static class Journal
{
    private static readonly AsyncLocal<List<string>> s_lines = new();

    public static List<string> Begin() => s_lines.Value = [];

    public static void Write(string line)
    {
        var lines = s_lines.Value!;
        lock (lines) lines.Add(line);
    }
}

public sealed class Network(string text) : INetwork, IAsyncDisposable
{
    public string Text => text;

    public ValueTask DisposeAsync()
    {
        Journal.Write("network stops");
        return default;
    }
}

public sealed class Store(string text) : IStore, IDisposable
{
    public string Text => text;

    public void Dispose() => Journal.Write("store stops");
}

public sealed class Block(string text) : IBlock, IDisposable
{
    public string Text => text;

    public void Dispose() => Journal.Write("block stops");
}

internal static class SampleParts
{
    /// <summary>The network comes only once the disk has been asked for, and the other way round: they start at the same time, or never.</summary>
    public static readonly AsyncLocal<(TaskCompletionSource Network, TaskCompletionSource Disk)?> Meeting = new();

    [Driver("file")]
    internal static async Task<IBlock> Open(DeviceHandle device)
    {
        if (Meeting.Value is { } meeting)
        {
            meeting.Disk.SetResult();
            await meeting.Network.Task;
        }

        Journal.Write("block starts");
        return new Block($"file at {device.Descriptor}");
    }

    [Provides]
    internal static async ValueTask<INetwork> Direct([BootArgument(Help = "Its address.")] string address = "10.0.0.1", CancellationToken starting = default)
    {
        if (Meeting.Value is { } meeting)
        {
            meeting.Network.SetResult();
            await meeting.Disk.Task.WaitAsync(starting);
        }

        if (address == "never") await Task.Delay(Timeout.Infinite, starting);
        if (address == "bad") throw new InvalidOperationException("no such address");
        Journal.Write("network starts");
        return new Network(address);
    }

    [Provides("data")]
    internal static IStore Data([Device("disk")] IBlock disk, [Secret] string key, [BootArgument(Minimum = 1, Maximum = 64)] int size = 4)
    {
        Journal.Write("store starts");
        return new Store($"{size} on {disk.Text} with {key}");
    }

    [Provides("ledger")]
    internal static IStore Ledger([BootArgument] int pages) => new Store($"{pages} pages");
}

[Unikernel(Help = "Keeps notes.", StartSeconds = 20)]
public sealed partial class Notes(INetwork network, [Device("data")] IStore store) : IDisposable
{
    [BootArgument(Help = "Shown on the first page.")]
    public string Greeting { get; init; } = "hello" + Environment.NewLine.Length;

    public static readonly AsyncLocal<Action<string>?> Said = new();

    public async Task<int> RunAsync(CancellationToken stop)
    {
        Said.Value?.Invoke($"{Greeting}: {network.Text}, {store.Text}");
        if (Greeting == "wait") await Task.Delay(Timeout.Infinite, stop);
        return Greeting.Length;
    }

    public void Dispose() => Journal.Write("notes stop");
}

[Unikernel]
public sealed partial class Accounts([Device("ledger")] IStore ledger)
{
    [BootArgument]
    public required int Year { get; init; }

    public int Run() => Year + ledger.Text.Length;
}
