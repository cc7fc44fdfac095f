using System.Diagnostics;
using Morgana.Core;
using Morgana.Devices.Linux;

namespace Morgana.Devices.Faults;

/// <summary>A cable with faults between two devices, such as two taps: what one receives, the other sends, after each direction's model.</summary>
/// <remarks>It has a thread of its own from <see cref="Start"/> to <see cref="Dispose"/>. Both devices use its pool, and it owns both.</remarks>
public sealed class Relay : IDisposable
{
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(1);
    private readonly INetworkDevice _first, _second;
    private readonly FaultLine _forward, _back;
    private readonly PacketBuffer[] _batch = new PacketBuffer[64];
    private readonly WaitPoint _wait = new();
    private readonly Thread _thread;
    private volatile bool _stopping;

    /// <summary>Joins two devices.</summary>
    /// <param name="first">One end.</param>
    /// <param name="second">The other end.</param>
    /// <param name="pool">The pool that both devices were made with.</param>
    /// <param name="forward">What happens from the first to the second.</param>
    /// <param name="back">What happens from the second to the first.</param>
    public Relay(INetworkDevice first, INetworkDevice second, BufferPool pool, FaultModel forward, FaultModel back)
    {
        (_first, _second) = (first, second);
        (_forward, _back) = (new(forward, pool), new(back, pool));
        _thread = new Thread(Run) { Name = "relay", IsBackground = true };
    }

    /// <summary>Starts to carry frames.</summary>
    public void Start() => _thread.Start();

    /// <summary>Stops, and disposes of both devices.</summary>
    public void Dispose()
    {
        if (_stopping) return;
        _stopping = true;
        _wait.Wake();
        if (_thread.IsAlive) _thread.Join();
        _forward.Clear();
        _back.Clear();
        Release(_first);
        Release(_second);
        _first.Dispose();
        _second.Dispose();
        _wait.Dispose();
    }

    private void Run()
    {
        while (!_stopping && _first.IsUp && _second.IsUp)
        {
            var now = Instant.FromOrigin(Stopwatch.GetElapsedTime(0));
            bool moved = Take(_first, _forward, now) | Take(_second, _back, now);
            bool blocked = !Give(_forward, _second, now) | !Give(_back, _first, now);
            if (!moved) Wait(now, blocked);
        }
    }

    private bool Take(INetworkDevice device, FaultLine line, Instant now)
    {
        int n = device.Receive(_batch);
        for (int i = 0; i < n; i++) line.Enter(_batch[i], now);
        return n > 0;
    }

    /// <summary>False when the device is full; what it did not take stays due.</summary>
    private bool Give(FaultLine line, INetworkDevice device, Instant now)
    {
        bool taken = true;
        while (line.TryPeek(now, out var frame) && (taken = device.Transmit([frame]) == 1)) line.Leave();
        Release(device);
        return taken;
    }

    private void Release(INetworkDevice device)
    {
        for (int n; (n = device.Reclaim(_batch)) > 0;)
            for (int i = 0; i < n; i++) _batch[i].Release();
    }

    private void Wait(Instant now, bool blocked)
    {
        var next = Instant.Min(_forward.NextArrival, _back.NextArrival);
        var timeout = next == Instant.Never ? Timeout.InfiniteTimeSpan : next <= now ? TimeSpan.Zero : next - now + TimeSpan.FromTicks(1);
        if (_first is IDescriptorDevice first && _second is IDescriptorDevice second && !blocked)
        {
            // An empty pool fills up again as frames arrive; a look each second bounds whatever else may have been missed.
            if (timeout < TimeSpan.Zero || timeout > TimeSpan.FromSeconds(1)) timeout = TimeSpan.FromSeconds(1);
            _wait.Wait(first.Descriptor, second.Descriptor, Libc.PollIn, timeout);
            return;
        }

        // Devices that cannot be waited for together, or one that is full, are looked at each millisecond.
        _wait.Wait(-1, 0, timeout < TimeSpan.Zero || timeout > s_tick ? s_tick : timeout);
    }
}
