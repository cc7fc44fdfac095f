using System.Runtime.InteropServices;

namespace Morgana.SystemNative;

/// <summary>The options of sockets. The entry points; what they do is in <see cref="OptionFunctions"/>.</summary>
internal static unsafe class OptionCalls
{
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetSockOpt")]
    public static int GetSockOpt(nint socket, int level, int name, byte* value, int* length)
    {
        if (!Descriptors.IsOurs(socket)) return Real.GetSockOpt(socket, level, name, value, length);
        try
        {
            return (int)OptionFunctions.GetSockOpt(socket, level, name, value, length);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_SetSockOpt")]
    public static int SetSockOpt(nint socket, int level, int name, byte* value, int length)
    {
        if (!Descriptors.IsOurs(socket)) return Real.SetSockOpt(socket, level, name, value, length);
        try
        {
            return (int)OptionFunctions.SetSockOpt(socket, level, name, value, length);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetRawSockOpt")]
    public static int GetRawSockOpt(nint socket, int level, int name, byte* value, int* length)
    {
        if (!Descriptors.IsOurs(socket)) return Real.GetRawSockOpt(socket, level, name, value, length);
        try
        {
            return (int)OptionFunctions.GetRawSockOpt(socket, level, name, value, length);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_SetRawSockOpt")]
    public static int SetRawSockOpt(nint socket, int level, int name, byte* value, int length)
    {
        if (!Descriptors.IsOurs(socket)) return Real.SetRawSockOpt(socket, level, name, value, length);
        try
        {
            return (int)OptionFunctions.SetRawSockOpt(socket, level, name, value, length);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetSocketErrorOption")]
    public static int GetSocketErrorOption(nint socket, int* error)
    {
        if (!Descriptors.IsOurs(socket)) return Real.GetSocketErrorOption(socket, error);
        try
        {
            return (int)OptionFunctions.GetSocketErrorOption(socket, error);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetLingerOption")]
    public static int GetLingerOption(nint socket, LingerOption* option)
    {
        if (!Descriptors.IsOurs(socket)) return Real.GetLingerOption(socket, option);
        try
        {
            return (int)OptionFunctions.GetLingerOption(socket, option);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_SetLingerOption")]
    public static int SetLingerOption(nint socket, LingerOption* option)
    {
        if (!Descriptors.IsOurs(socket)) return Real.SetLingerOption(socket, option);
        try
        {
            return (int)OptionFunctions.SetLingerOption(socket, option);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_SetReceiveTimeout")]
    public static int SetReceiveTimeout(nint socket, int milliseconds)
    {
        if (!Descriptors.IsOurs(socket)) return Real.SetReceiveTimeout(socket, milliseconds);
        try
        {
            return (int)OptionFunctions.SetReceiveTimeout(socket, milliseconds);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_SetSendTimeout")]
    public static int SetSendTimeout(nint socket, int milliseconds)
    {
        if (!Descriptors.IsOurs(socket)) return Real.SetSendTimeout(socket, milliseconds);
        try
        {
            return (int)OptionFunctions.SetSendTimeout(socket, milliseconds);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetIPv4MulticastOption")]
    public static int GetIPv4MulticastOption(nint socket, int which, Ipv4MulticastOption* option)
    {
        if (!Descriptors.IsOurs(socket)) return Real.GetIPv4MulticastOption(socket, which, option);
        try
        {
            return (int)OptionFunctions.GetIPv4MulticastOption(socket, which, option);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_SetIPv4MulticastOption")]
    public static int SetIPv4MulticastOption(nint socket, int which, Ipv4MulticastOption* option)
    {
        if (!Descriptors.IsOurs(socket)) return Real.SetIPv4MulticastOption(socket, which, option);
        try
        {
            return (int)OptionFunctions.SetIPv4MulticastOption(socket, which, option);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetIPv6MulticastOption")]
    public static int GetIPv6MulticastOption(nint socket, int which, byte* option)
    {
        if (!Descriptors.IsOurs(socket)) return Real.GetIPv6MulticastOption(socket, which, option);
        try
        {
            return (int)OptionFunctions.GetIPv6MulticastOption(socket, which, option);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_SetIPv6MulticastOption")]
    public static int SetIPv6MulticastOption(nint socket, int which, byte* option)
    {
        if (!Descriptors.IsOurs(socket)) return Real.SetIPv6MulticastOption(socket, which, option);
        try
        {
            return (int)OptionFunctions.SetIPv6MulticastOption(socket, which, option);
        }
        catch (Exception e)
        {
            return (int)Outcome.OfSocket(e);
        }
    }
}
