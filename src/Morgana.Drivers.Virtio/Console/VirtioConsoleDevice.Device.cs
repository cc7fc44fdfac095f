using Morgana.Devices.Linux;

namespace Morgana.Drivers.Virtio;

// What is between the two queues and the threads that wait. All of it is called with the lock held, but Run.
public sealed unsafe partial class VirtioConsoleDevice
{
    private void Check()
    {
        if (DownReason is { } reason) throw new VirtioException($"The console is gone: {reason}.");
    }

    // The thread hears of it, and wakes whoever waits.
    private void WaitForHost(long milliseconds = long.MaxValue)
    {
        _transmit.EnableInterrupt(Math.Max(1, _transmit.OutCount / 2));
        _device.Transport.Order();
        if (!_transmit.HasUsed) Monitor.Wait(_gate, (int)Math.Min(milliseconds, (long)s_look.TotalMilliseconds));
    }

    private void Offer(byte* place) => _input[_receive.Add([new(_device.Memory.AddressOf(place), InputSize)], readable: 0)] = place;

    private void Tell(int number, SplitQueue queue, bool always)
    {
        if (!queue.Publish() && !always && !VirtioTransport.LosesBarriers) return;
        queue.MarkNotified();
        _device.Transport.Notify(number);
    }

    private void TakeSent()
    {
        while (DownReason is null && _transmit.TryTake(out int chain, out _)) _free.Push((nint)_sending[chain]);
        if (_transmit.Fault is { } fault) Fail(fault);
    }

    private void TakeArrived()
    {
        while (DownReason is null && _receive.TryTake(out int chain, out int written))
        {
            // The standard knows no empty piece, and says nothing against one.
            if (written == 0) Offer(_input[chain]);
            else _arrived.Enqueue(((nint)_input[chain], written));
        }

        if (_receive.Fault is { } fault) Fail(fault);
    }

    private void Fail(string what)
    {
        if (DownReason is not null) return;
        DownReason = $"the virtio device misbehaves: {what}";
        _device.Transport.Reset();
    }

    private void Run()
    {
        while (true)
        {
            bool isReady;
            lock (_gate)
            {
                TakeSent();
                TakeArrived();
                Monitor.PulseAll(_gate);
                if (DownReason is not null) return;
                _receive.EnableInterrupt();
                _device.Transport.Order();
                isReady = _receive.HasUsed;
            }

            if (isReady || _wait.Wait(_device.Interrupt.Descriptor, Libc.PollIn, s_look) == 0) continue;
            _device.Interrupt.Take();
            _device.Transport.AcknowledgeInterrupt();
            _device.Interrupt.Open();
        }
    }
}
