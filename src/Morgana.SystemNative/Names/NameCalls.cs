using System.Runtime.InteropServices;

namespace Morgana.SystemNative;

/// <summary>Names. The entry points; what they do is in <see cref="NameFunctions"/>.</summary>
internal static unsafe class NameCalls
{
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetHostEntryForName")]
    public static int GetHostEntryForName(byte* address, int family, HostEntry* entry)
    {
        try
        {
            return NameFunctions.Resolve(address, family, entry);
        }
        catch (Exception)
        {
            return NameFunctions.Failed;
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FreeHostEntry")]
    public static void FreeHostEntry(HostEntry* entry) => NameFunctions.Free(entry);

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetNameInfo")]
    public static int GetNameInfo(byte* address, int addressLength, sbyte isIpv6, byte* host, int hostLength, byte* service, int serviceLength, int flags)
    {
        try
        {
            return NameFunctions.Name(address, addressLength, isIpv6 != 0, host, hostLength, service, serviceLength, flags);
        }
        catch (Exception)
        {
            return NameFunctions.Failed;
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetHostName")]
    public static int GetHostName(byte* name, int length)
    {
        try
        {
            return NameFunctions.HostName(name, length);
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetDomainName")]
    public static int GetDomainName(byte* name, int length)
    {
        try
        {
            return NameFunctions.DomainName(name, length);
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_InterfaceNameToIndex")]
    public static uint InterfaceNameToIndex(byte* name)
    {
        try
        {
            return (uint)HostInterfaces.IndexOf(Marshal.PtrToStringUTF8((nint)name) ?? "");
        }
        catch (Exception)
        {
            return 0;
        }
    }
}
