using System.Runtime.InteropServices;

namespace Morgana.SystemNative;

/// <summary>Sockets: made, bound, connected and asked about. The entry points; what they do is in <see cref="SocketFunctions"/>.</summary>
internal static unsafe class SocketCalls
{
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Socket")]
    public static int Socket(int family, int type, int protocol, nint* socket)
    {
        try
        {
            return (int)SocketFunctions.Socket(family, type, protocol, socket);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetSocketType")]
    public static int GetSocketType(nint socket, int* family, int* type, int* protocol, int* isListening)
    {
        if (!Descriptors.IsOurs(socket)) return Real.GetSocketType(socket, family, type, protocol, isListening);
        try
        {
            return (int)SocketFunctions.GetSocketType(socket, family, type, protocol, isListening);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Bind")]
    public static int Bind(nint socket, int protocol, byte* address, int length)
    {
        if (!Descriptors.IsOurs(socket)) return Real.Bind(socket, protocol, address, length);
        try
        {
            return (int)SocketFunctions.Bind(socket, protocol, address, length);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Connect")]
    public static int Connect(nint socket, byte* address, int length)
    {
        if (!Descriptors.IsOurs(socket)) return Real.Connect(socket, address, length);
        try
        {
            return (int)SocketFunctions.Connect(socket, address, length);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Connectx")]
    public static int Connectx(nint socket, byte* address, int length, byte* data, int dataLength, int fastOpen, int* sent)
    {
        if (!Descriptors.IsOurs(socket)) return Real.Connectx(socket, address, length, data, dataLength, fastOpen, sent);
        try
        {
            return (int)SocketFunctions.Connectx(socket, address, length, data, dataLength, fastOpen, sent);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Disconnect")]
    public static int Disconnect(nint socket)
    {
        if (!Descriptors.IsOurs(socket)) return Real.Disconnect(socket);
        try
        {
            return (int)SocketFunctions.Disconnect(socket);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Listen")]
    public static int Listen(nint socket, int backlog)
    {
        if (!Descriptors.IsOurs(socket)) return Real.Listen(socket, backlog);
        try
        {
            return (int)SocketFunctions.Listen(socket, backlog);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Accept")]
    public static int Accept(nint socket, byte* address, int* length, nint* accepted)
    {
        if (!Descriptors.IsOurs(socket)) return Real.Accept(socket, address, length, accepted);
        try
        {
            return (int)SocketFunctions.Accept(socket, address, length, accepted);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Shutdown")]
    public static int Shutdown(nint socket, int how)
    {
        if (!Descriptors.IsOurs(socket)) return Real.Shutdown(socket, how);
        try
        {
            return (int)SocketFunctions.Shutdown(socket, how);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetSockName")]
    public static int GetSockName(nint socket, byte* address, int* length)
    {
        if (!Descriptors.IsOurs(socket)) return Real.GetSockName(socket, address, length);
        try
        {
            return (int)SocketFunctions.GetSockName(socket, address, length);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetPeerName")]
    public static int GetPeerName(nint socket, byte* address, int* length)
    {
        if (!Descriptors.IsOurs(socket)) return Real.GetPeerName(socket, address, length);
        try
        {
            return (int)SocketFunctions.GetPeerName(socket, address, length);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetBytesAvailable")]
    public static int GetBytesAvailable(nint socket, int* available)
    {
        if (!Descriptors.IsOurs(socket)) return Real.GetBytesAvailable(socket, available);
        try
        {
            return (int)SocketFunctions.GetBytesAvailable(socket, available);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetAtOutOfBandMark")]
    public static int GetAtOutOfBandMark(nint socket, int* atMark)
    {
        if (!Descriptors.IsOurs(socket)) return Real.GetAtOutOfBandMark(socket, atMark);
        try
        {
            return (int)SocketFunctions.GetAtOutOfBandMark(socket, atMark);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetPeerID")]
    public static int GetPeerId(nint socket, uint* user)
    {
        if (!Descriptors.IsOurs(socket)) return Real.GetPeerId(socket, user);
        try
        {
            return Outcome.Status(SocketFunctions.GetPeerId(socket, user));
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.OfSocket(e));
        }
    }
}
