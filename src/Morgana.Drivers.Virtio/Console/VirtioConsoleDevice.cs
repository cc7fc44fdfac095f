using Morgana.Devices.Linux;

namespace Morgana.Drivers.Virtio;

/// <summary>A virtio console (virtio 1.2, 5.3), one port of it: octets out and in, 4 KB at a time instead of one. Any thread.</summary>
/// <remarks>
/// The port is number 1 where the device has several, else the only one: QEMU's port 0 is a console, which drops what its reader does not
/// take at once, and the others make the writer wait.
/// What is written is copied, and on its way to the host when <see cref="Write"/> returns; while the host takes nothing, writers wait. What
/// comes in stays in the device's buffers until it is read, so that a host that sends more waits too.
/// </remarks>
public sealed unsafe partial class VirtioConsoleDevice : IDisposable
{
    private const uint ConsoleType = 3;
    private const int MultiPort = 1, MostPortsOffset = 4, MostQueued = 32;
    private const int BufferSize = 4096, InputSize = 1024, InputCount = 4, StackSize = 128 << 10;

    // An interrupt that got lost costs a second.
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private readonly VirtioDevice _device;
    private readonly WaitPoint _wait = new();
    private readonly int _receiveQueue, _transmitQueue;
    private readonly SplitQueue _receive, _transmit;
    private readonly byte*[] _sending, _input;
    private readonly Stack<nint> _free = new();
    private readonly Queue<(nint Place, int Length)> _arrived = new();
    private readonly Thread _thread;
    private int _taken;
    private bool _isClosed;

    private VirtioConsoleDevice(VirtioDevice device)
    {
        _device = device;
        if (device.Transport.DeviceType != ConsoleType) throw new VirtioException($"The device is of type {device.Transport.DeviceType}, no console.");
        ulong features = device.Transport.Begin((1UL << VirtioTransport.EventIndex) | (1UL << MultiPort));
        bool hasPorts = (features >> MultiPort & 1) != 0 && device.Transport.ReadConfiguration32(MostPortsOffset) > Port;
        // 5.3.2: of port 0, of control, of port 1.
        (_receiveQueue, _transmitQueue) = hasPorts ? (4, 5) : (0, 1);
        _receive = device.CreateQueue(_receiveQueue, InputCount, features);
        _transmit = device.CreateQueue(_transmitQueue, MostQueued, features);
        _sending = new byte*[_transmit.Size];
        _input = new byte*[_receive.Size];
        byte* input = device.Memory.Take(InputSize * _receive.Size, 64);
        for (int i = 0; i < _receive.Size; i++) Offer(input + (i * InputSize));
        while (_free.Count < _transmit.Size && device.Memory.Left >= 2 * BufferSize) _free.Push((nint)device.Memory.Take(BufferSize, BufferSize));
        if (_free.Count == 0) throw new VirtioException("The console has no memory for what is written.");
        _thread = new(Run, StackSize) { IsBackground = true, Name = "virtio-console" };
        if (hasPorts) OpenPort(features);
        else device.Transport.Start();
        Tell(_receiveQueue, _receive, always: true);
        device.Interrupt.Open();
        _thread.Start();
    }

    /// <summary>Why nothing works any more, in words for a log; null while all is well.</summary>
    public string? DownReason { get; private set; }

    /// <summary>Opens <c>/dev/uioN</c>.</summary>
    /// <exception cref="IOException">One line says what is wrong.</exception>
    public static VirtioConsoleDevice Open(int number) => Open(VirtioDevice.Open(number));

    internal static VirtioConsoleDevice Open(VirtioDevice device)
    {
        try
        {
            return new(device);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>Writes all of it, one writer's octets in one piece.</summary>
    /// <exception cref="VirtioException">The device misbehaves, or was closed.</exception>
    public void Write(ReadOnlySpan<byte> octets)
    {
        lock (_gate)
        {
            while (octets.Length > 0)
            {
                TakeSent();
                Check();
                if (_free.Count == 0)
                {
                    WaitForHost();
                    continue;
                }

                int count = Math.Min(octets.Length, BufferSize);
                byte* place = (byte*)_free.Pop();
                octets[..count].CopyTo(new Span<byte>(place, count));
                _sending[_transmit.Add([new(_device.Memory.AddressOf(place), count)], readable: 1)] = place;
                octets = octets[count..];
                // Telling the device is a way out of the machine: once for all that fits.
                if (octets.Length == 0 || _free.Count == 0) Tell(_transmitQueue, _transmit, always: false);
            }
        }
    }

    /// <summary>Waits until the host has taken everything.</summary>
    /// <returns>False if it has not, in that time.</returns>
    public bool Flush(TimeSpan patience)
    {
        long deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        lock (_gate)
        {
            while (true)
            {
                TakeSent();
                if (_transmit.OutCount == 0 || DownReason is not null) return DownReason is null;
                if (Environment.TickCount64 >= deadline) return false;
                WaitForHost(deadline - Environment.TickCount64);
            }
        }
    }

    /// <summary>Waits for what comes in, and reads it.</summary>
    /// <returns>How many octets; 0 once the device was closed.</returns>
    /// <exception cref="VirtioException">The device misbehaves.</exception>
    public int Read(Span<byte> destination)
    {
        lock (_gate)
        {
            while (_arrived.Count == 0)
            {
                if (_isClosed) return 0;
                Check();
                Monitor.Wait(_gate);
            }

            var (place, length) = _arrived.Peek();
            int count = Math.Min(destination.Length, length - _taken);
            new ReadOnlySpan<byte>((byte*)place + _taken, count).CopyTo(destination);
            _taken += count;
            if (_taken < length) return count;
            _arrived.Dequeue();
            _taken = 0;
            if (DownReason is not null) return count;
            Offer((byte*)place);
            Tell(_receiveQueue, _receive, always: false);
            return count;
        }
    }

    /// <summary>Resets the device: what the host has not taken is lost. <see cref="Flush"/> first.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isClosed) return;
            _isClosed = true;
            DownReason ??= "the console was closed";
            _device.Transport.Reset();
            Monitor.PulseAll(_gate);
        }

        _wait.Wake();
        _thread.Join();
        _device.Dispose();
        _wait.Dispose();
    }
}
