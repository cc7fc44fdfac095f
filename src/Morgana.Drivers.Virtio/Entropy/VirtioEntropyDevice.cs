using Morgana.Devices;
using Morgana.Devices.Linux;

namespace Morgana.Drivers.Virtio;

/// <summary>A virtio entropy device (virtio 1.2, 5.4): the host's random octets. Any thread.</summary>
/// <remarks>
/// The guest's own numbers need none of it, as its kernel has made its first key when the application starts. This is for who wants the
/// host's directly, and for a machine that goes on from a snapshot: what is written to <c>/dev/urandom</c> is mixed into the kernel's key.
/// </remarks>
public sealed unsafe class VirtioEntropyDevice : IEntropy, IDisposable
{
    private const uint EntropyType = 4;
    private const int RequestQueue = 0, BufferSize = 256, LeastToJudge = 16;

    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);

    private readonly object _gate = new();
    private readonly VirtioDevice _device;
    private readonly WaitPoint _wait = new();
    private readonly SplitQueue _queue;
    private readonly byte* _buffer;
    private readonly TimeSpan _timeout;
    private string? _downReason;

    private VirtioEntropyDevice(VirtioDevice device, TimeSpan timeout)
    {
        _device = device;
        _timeout = timeout;
        if (device.Transport.DeviceType != EntropyType) throw new VirtioException($"The device is of type {device.Transport.DeviceType}, no source of entropy.");
        ulong features = device.Transport.Begin(1UL << VirtioTransport.EventIndex);
        _queue = device.CreateQueue(RequestQueue, 2, features);
        _buffer = device.Memory.Take(BufferSize, 64);
        device.Transport.Start();
        device.Interrupt.Open();
    }

    /// <summary>Opens <c>/dev/uioN</c>.</summary>
    /// <param name="number">The device's.</param>
    /// <param name="timeout">How long it may take for an answer; a second where nothing is said.</param>
    /// <exception cref="IOException">One line says what is wrong.</exception>
    public static VirtioEntropyDevice Open(int number, TimeSpan? timeout = null) => Open(VirtioDevice.Open(number), timeout ?? TimeSpan.FromSeconds(1));

    internal static VirtioEntropyDevice Open(VirtioDevice device, TimeSpan timeout)
    {
        try
        {
            return new(device, timeout);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>Fills <paramref name="destination"/> with the host's octets.</summary>
    /// <exception cref="VirtioException">The device misbehaves, or does not answer in time: from then on every call fails, and no octet is to be used.</exception>
    public void Fill(Span<byte> destination)
    {
        lock (_gate)
        {
            while (destination.Length > 0)
            {
                int count = Ask(Math.Min(destination.Length, BufferSize));
                var octets = new Span<byte>(_buffer, count);
                octets.CopyTo(destination);
                octets.Clear();
                destination = destination[count..];
            }
        }
    }

    /// <summary>Resets the device.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_downReason is { } reason && reason == Closed) return;
            _downReason = Closed;
            _device.Dispose();
            _wait.Dispose();
        }
    }

    private const string Closed = "the device was closed";

    private int Ask(int count)
    {
        if (_downReason is not null) throw new VirtioException($"There are no random octets: {_downReason}.");
        new Span<byte>(_buffer, count).Clear();
        _queue.Add([new(_device.Memory.AddressOf(_buffer), count)], readable: 0);
        if (_queue.Publish() || VirtioTransport.LosesBarriers)
        {
            _queue.MarkNotified();
            _device.Transport.Notify(RequestQueue);
        }

        int written = WaitForAnswer();
        // 5.4.6.2: one octet at least.
        if (written == 0) throw Fail("it gave a buffer back without a single octet");
        // What is stuck gives the same again and again (NIST SP 800-90B, 4.4.1); an octet 16 times over is by chance one in 2^120.
        if (written >= LeastToJudge && new ReadOnlySpan<byte>(_buffer, written).IndexOfAnyExcept(*_buffer) < 0) throw Fail($"its {written} octets are all the same");
        return written;
    }

    private int WaitForAnswer()
    {
        long deadline = Environment.TickCount64 + (long)_timeout.TotalMilliseconds;
        while (true)
        {
            if (_queue.TryTake(out _, out int written)) return written;
            if (_queue.Fault is { } fault) throw Fail(fault);
            if (Environment.TickCount64 > deadline) throw Fail($"it did not answer within {_timeout.TotalSeconds:0.###} s");
            _queue.EnableInterrupt();
            _device.Transport.Order();
            if (_queue.HasUsed || _wait.Wait(_device.Interrupt.Descriptor, Libc.PollIn, s_look < _timeout ? s_look : _timeout) == 0) continue;
            _device.Interrupt.Take();
            _device.Transport.AcknowledgeInterrupt();
            _device.Interrupt.Open();
        }
    }

    // Reset: from here on it writes nothing.
    private VirtioException Fail(string what)
    {
        _downReason = $"the virtio device misbehaves: {what}";
        _device.Transport.Reset();
        return new($"There are no random octets: {_downReason}.");
    }
}
