using System.Runtime.InteropServices;

namespace Morgana.SystemNative;

/// <summary>What sockets send and receive. The entry points; what they do is in <see cref="TransferFunctions"/>.</summary>
internal static unsafe class TransferCalls
{
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Receive")]
    public static int Receive(nint socket, byte* buffer, int length, int flags, int* received)
    {
        if (!Descriptors.IsOurs(socket)) return Real.Receive(socket, buffer, length, flags, received);
        try
        {
            return (int)TransferFunctions.Receive(socket, buffer, length, flags, received);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_ReceiveMessage")]
    public static int ReceiveMessage(nint socket, MessageHeader* header, int flags, long* received)
    {
        if (!Descriptors.IsOurs(socket)) return Real.ReceiveMessage(socket, header, flags, received);
        try
        {
            return (int)TransferFunctions.ReceiveMessage(socket, header, flags, received);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_ReceiveSocketError")]
    public static int ReceiveSocketError(nint socket, MessageHeader* header)
    {
        if (!Descriptors.IsOurs(socket)) return Real.ReceiveSocketError(socket, header);
        try
        {
            return (int)TransferFunctions.ReceiveSocketError(socket, header);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Send")]
    public static int Send(nint socket, byte* buffer, int length, int flags, int* sent)
    {
        if (!Descriptors.IsOurs(socket)) return Real.Send(socket, buffer, length, flags, sent);
        try
        {
            return (int)TransferFunctions.Send(socket, buffer, length, flags, sent);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_SendMessage")]
    public static int SendMessage(nint socket, MessageHeader* header, int flags, long* sent)
    {
        if (!Descriptors.IsOurs(socket)) return Real.SendMessage(socket, header, flags, sent);
        try
        {
            return (int)TransferFunctions.SendMessage(socket, header, flags, sent);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_SendFile")]
    public static int SendFile(nint socket, nint file, long offset, long count, long* sent)
    {
        if (!Descriptors.IsOurs(socket)) return Real.SendFile(socket, file, offset, count, sent);
        try
        {
            return (int)TransferFunctions.SendFile(socket, file, offset, count, sent);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }
}
