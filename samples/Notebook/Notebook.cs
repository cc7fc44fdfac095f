using Morgana.Composition;
using Morgana.Devices;
using Morgana.Storage;

namespace Samples;

/// <summary>A key-value store: writes a note if there is one to write, and lists what there is.</summary>
[Unikernel(Help = "Keeps notes.")]
public sealed partial class Notebook([Device("notes")] IKeyValueStore notes, IConsole console, TimeProvider clock)
{
    [BootArgument(Help = "A note to add.")]
    public string? Add { get; init; }

    public async Task RunAsync(CancellationToken stop)
    {
        if (Add is { } text) await notes.SetTextAsync($"notes/{clock.GetUtcNow():yyyyMMdd'T'HHmmssfffffff}", text, stop);
        foreach (var entry in await notes.ListAsync("notes", stop))
            console.WriteLine($"{entry.Name}: {await notes.GetTextAsync($"notes/{entry.Name}", stop)}");
    }
}
