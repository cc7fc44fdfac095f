using System.Runtime.InteropServices;

namespace Morgana.SystemNative;

/// <summary>The socket event port.</summary>
internal static unsafe class EventCalls
{
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_CreateSocketEventPort")]
    public static int Create(nint* port)
    {
        if (port is null) return (int)Error.EFAULT;
        try
        {
            return (int)Descriptors.Open(new EventPort(), out *port);
        }
        catch (Exception e)
        {
            return (int)Outcome.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_CloseSocketEventPort")]
    public static int Close(nint port)
    {
        try
        {
            return (int)Descriptors.Close(port);
        }
        catch (Exception e)
        {
            return (int)Outcome.Of(e);
        }
    }

    // epoll_ctl(2): a socket that is registered already, or not at all, is told apart.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_TryChangeSocketEventRegistration")]
    public static int Change(nint port, nint socket, int current, int wanted, nuint data)
    {
        try
        {
            var (before, after) = ((SocketEvents)current, (SocketEvents)wanted);
            if (((before | after) & ~SocketEvents.All) != 0) return (int)Error.EINVAL;
            if (before == after) return (int)Error.Success;
            var error = Descriptors.Find<EventPort>(port, Error.EINVAL, out var found);
            if (error != Error.Success) return (int)error;
            error = Descriptors.Find<OwnSocket>(socket, Error.EPERM, out var owner);
            if (error != Error.Success) return (int)error;
            return (int)owner!.Register(found!, before, after, data);
        }
        catch (Exception e)
        {
            return (int)Outcome.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_WaitForSocketEvents")]
    public static int Wait(nint port, SocketEvent* events, int* count)
    {
        if (events is null || count is null || *count < 0) return (int)Error.EFAULT;
        try
        {
            var error = Descriptors.Find<EventPort>(port, Error.EINVAL, out var found);
            return (int)(error != Error.Success ? error : found!.Wait(events, ref *count));
        }
        catch (Exception e)
        {
            return (int)Outcome.Of(e);
        }
    }
}
