namespace Morgana.Drivers.Virtio;

// 5.3.6.2, "Multiport Device Operation": what is to be said until a port can be used. Afterwards nothing is said or heard any more.
public sealed unsafe partial class VirtioConsoleDevice
{
    private const int Port = 1, ControlReceiveQueue = 2, ControlTransmitQueue = 3;
    private const int ControlSize = 8, ControlRoom = 64, ControlCount = 8;
    private const ushort DeviceReady = 0, DeviceAdd = 1, PortReady = 3, PortOpen = 6;

    private static readonly TimeSpan s_openTimeout = TimeSpan.FromSeconds(2);

    // Until the host is at the other end, what is written would be dropped.
    private void OpenPort(ulong features)
    {
        var heard = _device.CreateQueue(ControlReceiveQueue, ControlCount, features);
        var said = _device.CreateQueue(ControlTransmitQueue, 2, features);
        byte* room = _device.Memory.Take(ControlRoom * heard.Size, 8), message = _device.Memory.Take(ControlSize, 8);
        byte*[] places = new byte*[heard.Size];
        for (int i = 0; i < heard.Size; i++) Listen(heard, places, room + (i * ControlRoom));
        _device.Transport.Start();
        Tell(ControlReceiveQueue, heard, always: true);
        Say(said, message, 0, DeviceReady);

        bool isAdded = false, isOpen = false;
        for (long deadline = Environment.TickCount64 + (long)s_openTimeout.TotalMilliseconds; !isAdded || !isOpen;)
        {
            if (Environment.TickCount64 > deadline) throw new VirtioException($"The console's port {Port} has nobody at the other end.");
            _device.Transport.Order();
            if (!heard.TryTake(out int chain, out int written))
            {
                if (heard.Fault is { } fault) throw new VirtioException($"The virtio device misbehaves: {fault}.");
                Thread.Yield();
                continue;
            }

            byte* place = places[chain];
            if (written >= ControlSize && *(uint*)place == Port)
            {
                ushort what = *(ushort*)(place + 4);
                if (what == DeviceAdd && !isAdded)
                {
                    isAdded = true;
                    Say(said, message, Port, PortReady);
                    Say(said, message, Port, PortOpen);
                }

                if (what == PortOpen) isOpen = *(ushort*)(place + 6) != 0;
            }

            Listen(heard, places, place);
            Tell(ControlReceiveQueue, heard, always: false);
        }
    }

    private void Listen(SplitQueue heard, byte*[] places, byte* place) => places[heard.Add([new(_device.Memory.AddressOf(place), ControlRoom)], readable: 0)] = place;

    // virtio_console_control: the port, what of it, and yes. One after the other, as there is one message.
    private void Say(SplitQueue said, byte* message, uint port, ushort what)
    {
        *(uint*)message = port;
        *(ushort*)(message + 4) = what;
        *(ushort*)(message + 6) = 1;
        said.Add([new(_device.Memory.AddressOf(message), ControlSize)], readable: 1);
        Tell(ControlTransmitQueue, said, always: true);
        long deadline = Environment.TickCount64 + (long)s_openTimeout.TotalMilliseconds;
        while (!said.TryTake(out _, out _))
        {
            if (said.Fault is not null || Environment.TickCount64 > deadline) throw new VirtioException("The console does not take what it is told.");
            _device.Transport.Order();
            Thread.Yield();
        }
    }
}
