using System.Runtime.InteropServices;

namespace Morgana.SystemNative;

/// <summary>A <c>struct pollfd</c>.</summary>
internal struct PollEvent
{
    public int Descriptor;
    public short Events;
    public short Triggered;
}

/// <summary>poll(2), over ours, over the platform's, and over both. <c>Socket.Select</c> comes here too.</summary>
internal static unsafe class PollCalls
{
    // By .NET's numbers.
    private const int In = 0x0001;
    private const int Out = 0x0004;
    private const int ErrorEvent = 0x0008;
    private const int HangUp = 0x0010;
    private const int Invalid = 0x0020;

    // Where descriptors of both kinds are waited for: how long ours are waited for before the others are looked at.
    private const int Slice = 5;

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Poll")]
    public static int Poll(PollEvent* events, uint count, int milliseconds, uint* triggered)
    {
        if (events is null || triggered is null) return Real.Poll(events, count, milliseconds, triggered);
        try
        {
            bool anyOurs = false, anyForeign = false;
            for (uint i = 0; i < count; i++)
            {
                if (Descriptors.IsOurs(events[i].Descriptor)) anyOurs = true;
                else if (events[i].Descriptor >= 0) anyForeign = true;
            }

            return anyOurs ? (int)Poll(events, count, milliseconds, anyForeign, out *triggered) : Real.Poll(events, count, milliseconds, triggered);
        }
        catch (Exception e)
        {
            return (int)Outcome.Of(e);
        }
    }

    private static Error Poll(PollEvent* events, uint count, int milliseconds, bool anyForeign, out uint triggered)
    {
        var gate = Gate.Current;
        long deadline = milliseconds < 0 ? long.MaxValue : Environment.TickCount64 + milliseconds;
        var sockets = Sockets(events, count);
        // Before the first look, so that nothing is missed between it and the wait.
        foreach (var socket in sockets) socket.AddWaiter(gate);
        try
        {
            while (true)
            {
                gate.Reset();
                var error = Look(events, count, anyForeign, out triggered);
                long left = deadline == long.MaxValue ? -1 : Math.Max(0, deadline - Environment.TickCount64);
                if (error != Error.Success || triggered > 0 || left == 0) return error;
                gate.Wait((int)(!anyForeign ? left : left < 0 ? Slice : Math.Min(left, Slice)));
            }
        }
        finally
        {
            foreach (var socket in sockets) socket.RemoveWaiter(gate);
        }
    }

    private static List<OwnSocket> Sockets(PollEvent* events, uint count)
    {
        var sockets = new List<OwnSocket>();
        for (uint i = 0; i < count; i++)
            if (Descriptors.TryGet(events[i].Descriptor, out var descriptor) && descriptor is OwnSocket socket) sockets.Add(socket);
        return sockets;
    }

    private static Error Look(PollEvent* events, uint count, bool anyForeign, out uint triggered)
    {
        triggered = 0;
        if (anyForeign && LookAtForeign(events, count) is not Error.Success and var error) return error;
        for (uint i = 0; i < count; i++)
        {
            ref var item = ref events[i];
            if (Descriptors.IsOurs(item.Descriptor)) item.Triggered = Descriptors.TryGet(item.Descriptor, out var found) ? Triggered(found, item.Events) : (short)Invalid;
            else if (item.Descriptor < 0) item.Triggered = 0;
            if (item.Triggered != 0) triggered++;
        }

        return Error.Success;
    }

    private static short Triggered(Descriptor descriptor, short wanted)
    {
        // poll(2): a file is always ready.
        if (descriptor is not OwnSocket socket) return (short)(wanted & (In | Out));
        var ready = socket.Poll();
        int triggered = 0;
        if ((ready & SocketEvents.Read) != 0) triggered |= In & wanted;
        if ((ready & SocketEvents.Write) != 0) triggered |= Out & wanted;
        if ((ready & SocketEvents.Error) != 0) triggered |= ErrorEvent;
        if ((ready & SocketEvents.Close) != 0) triggered |= HangUp;
        return (short)triggered;
    }

    // Ours go by as negative numbers, which poll(2) does not look at.
    private static Error LookAtForeign(PollEvent* events, uint count)
    {
        var copy = new PollEvent[count];
        for (uint i = 0; i < count; i++)
        {
            copy[i] = events[i];
            if (Descriptors.IsOurs(copy[i].Descriptor)) copy[i].Descriptor = -1;
        }

        uint ready;
        fixed (PollEvent* start = copy)
        {
            int error = Real.Poll(start, count, 0, &ready);
            if (error != 0) return (Error)error;
        }

        for (uint i = 0; i < count; i++)
            if (copy[i].Descriptor >= 0) events[i].Triggered = copy[i].Triggered;
        return Error.Success;
    }
}
