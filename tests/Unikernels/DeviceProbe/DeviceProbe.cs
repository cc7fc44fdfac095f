using Morgana.Composition;
using Morgana.Devices;
using Morgana.Drivers.Virtio;

namespace DeviceProbe;

/// <summary>Says of a virtual machine's smaller devices what a test on the other side of them can look at.</summary>
[Unikernel(Help = "Says what it was told, and uses what it was given.")]
public sealed partial class Probe([Secret("password")] byte[] password, IConsole console)
{
    [BootArgument(Help = "So many lines of 64 octets.")]
    public int Burst { get; init; }

    [BootArgument(Help = "The number of an entropy device to ask.")]
    public int? Entropy { get; init; }

    [BootArgument(Help = "Waits until it is told to end.")]
    public bool Wait { get; init; }

    public async Task<int> RunAsync(CancellationToken stop)
    {
        console.WriteLine("password " + Said.Digest(password));
        for (int i = 0; i < Burst; i++) console.WriteLine(Said.Line(i));
        if (Entropy is { } number) Stir(number);
        if (!Wait) return 0;
        console.WriteLine("waiting");
        await Task.Delay(Timeout.Infinite, stop).ContinueWith(_ => { }, TaskScheduler.Default);
        console.WriteLine("ended in order");
        return 0;
    }

    // The host's octets, mixed into the kernel's key as well.
    private void Stir(int number)
    {
        using var device = VirtioEntropyDevice.Open(number);
        byte[] octets = new byte[1000];
        device.Fill(octets);
        using (var random = File.OpenHandle("/dev/urandom", FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) RandomAccess.Write(random, octets, 0);
        console.WriteLine($"entropy {octets.Distinct().Count()} {Convert.ToHexStringLower(octets.AsSpan(0, 16))}");
    }
}
