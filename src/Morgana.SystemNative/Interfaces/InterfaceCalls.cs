using System.Runtime.InteropServices;

namespace Morgana.SystemNative;

/// <summary>Interfaces, and news of them. The entry points; what they do is in <see cref="InterfaceFunctions"/>.</summary>
internal static unsafe class InterfaceCalls
{
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetNetworkInterfaces")]
    public static int GetNetworkInterfaces(int* interfaceCount, InterfaceInformation** interfaces, int* addressCount, InterfaceAddressInformation** addresses)
    {
        try
        {
            if (interfaceCount is null || interfaces is null || addressCount is null || addresses is null) return Outcome.Fail(Error.EFAULT);
            InterfaceFunctions.GetAll(interfaceCount, interfaces, addressCount, addresses);
            return 0;
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_EnumerateInterfaceAddresses")]
    public static int EnumerateInterfaceAddresses(
        void* context,
        delegate* unmanaged<void*, byte*, InterfaceAddressInformation*, void> onIpv4,
        delegate* unmanaged<void*, byte*, InterfaceAddressInformation*, uint*, void> onIpv6,
        delegate* unmanaged<void*, byte*, LinkLayerInformation*, void> onLinkLayer)
    {
        try
        {
            InterfaceFunctions.Enumerate(context, onIpv4, onLinkLayer);
            return 0;
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }

    // Addresses are given when the program starts, and never change: a socket from which nothing ever comes.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_CreateNetworkChangeListenerSocket")]
    public static int CreateNetworkChangeListenerSocket(nint* socket)
    {
        if (socket is null) return (int)Error.EFAULT;
        try
        {
            return (int)Descriptors.Open(new UnixDatagramSocket(HostNetwork.Loop), out *socket);
        }
        catch (Exception e)
        {
            return (int)Outcome.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_ReadEvents")]
    public static int ReadEvents(nint socket, void* onChange)
    {
        if (!Descriptors.IsOurs(socket)) return Real.ReadEvents(socket, onChange);
        try
        {
            var error = SocketFunctions.Find(socket, out var found);
            if (error != Error.Success) return (int)error;
            byte nothing;
            var message = Message.ToReceive(new(&nothing, 1));
            return (int)found!.Receive(ref message, OwnSocket.MessageFlags.None);
        }
        catch (Exception e)
        {
            return (int)Outcome.Of(e);
        }
    }
}
