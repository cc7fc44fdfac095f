using System.Runtime.InteropServices;

namespace Morgana.SystemNative;

// Of sockets: one that the program was given by its parent, for example.
internal static unsafe partial class Real
{
    [DllImport(Library, EntryPoint = "__real_SystemNative_GetSocketType")]
    public static extern int GetSocketType(nint socket, int* family, int* type, int* protocol, int* isListening);

    [DllImport(Library, EntryPoint = "__real_SystemNative_Bind")]
    public static extern int Bind(nint socket, int protocol, byte* address, int length);

    [DllImport(Library, EntryPoint = "__real_SystemNative_Connect")]
    public static extern int Connect(nint socket, byte* address, int length);

    [DllImport(Library, EntryPoint = "__real_SystemNative_Connectx")]
    public static extern int Connectx(nint socket, byte* address, int length, byte* data, int dataLength, int fastOpen, int* sent);

    [DllImport(Library, EntryPoint = "__real_SystemNative_Disconnect")]
    public static extern int Disconnect(nint socket);

    [DllImport(Library, EntryPoint = "__real_SystemNative_Listen")]
    public static extern int Listen(nint socket, int backlog);

    [DllImport(Library, EntryPoint = "__real_SystemNative_Accept")]
    public static extern int Accept(nint socket, byte* address, int* length, nint* accepted);

    [DllImport(Library, EntryPoint = "__real_SystemNative_Shutdown")]
    public static extern int Shutdown(nint socket, int how);

    [DllImport(Library, EntryPoint = "__real_SystemNative_GetSockName")]
    public static extern int GetSockName(nint socket, byte* address, int* length);

    [DllImport(Library, EntryPoint = "__real_SystemNative_GetPeerName")]
    public static extern int GetPeerName(nint socket, byte* address, int* length);

    [DllImport(Library, EntryPoint = "__real_SystemNative_GetBytesAvailable")]
    public static extern int GetBytesAvailable(nint socket, int* available);

    [DllImport(Library, EntryPoint = "__real_SystemNative_GetAtOutOfBandMark")]
    public static extern int GetAtOutOfBandMark(nint socket, int* atMark);

    [DllImport(Library, EntryPoint = "__real_SystemNative_Receive")]
    public static extern int Receive(nint socket, byte* buffer, int length, int flags, int* received);

    [DllImport(Library, EntryPoint = "__real_SystemNative_ReceiveMessage")]
    public static extern int ReceiveMessage(nint socket, MessageHeader* header, int flags, long* received);

    [DllImport(Library, EntryPoint = "__real_SystemNative_ReceiveSocketError")]
    public static extern int ReceiveSocketError(nint socket, MessageHeader* header);

    [DllImport(Library, EntryPoint = "__real_SystemNative_Send")]
    public static extern int Send(nint socket, byte* buffer, int length, int flags, int* sent);

    [DllImport(Library, EntryPoint = "__real_SystemNative_SendMessage")]
    public static extern int SendMessage(nint socket, MessageHeader* header, int flags, long* sent);

    [DllImport(Library, EntryPoint = "__real_SystemNative_SendFile")]
    public static extern int SendFile(nint socket, nint file, long offset, long count, long* sent);

    [DllImport(Library, EntryPoint = "__real_SystemNative_GetSockOpt")]
    public static extern int GetSockOpt(nint socket, int level, int name, byte* value, int* length);

    [DllImport(Library, EntryPoint = "__real_SystemNative_SetSockOpt")]
    public static extern int SetSockOpt(nint socket, int level, int name, byte* value, int length);

    [DllImport(Library, EntryPoint = "__real_SystemNative_GetRawSockOpt")]
    public static extern int GetRawSockOpt(nint socket, int level, int name, byte* value, int* length);

    [DllImport(Library, EntryPoint = "__real_SystemNative_SetRawSockOpt")]
    public static extern int SetRawSockOpt(nint socket, int level, int name, byte* value, int length);

    [DllImport(Library, EntryPoint = "__real_SystemNative_GetSocketErrorOption")]
    public static extern int GetSocketErrorOption(nint socket, int* error);

    [DllImport(Library, EntryPoint = "__real_SystemNative_GetLingerOption")]
    public static extern int GetLingerOption(nint socket, LingerOption* option);

    [DllImport(Library, EntryPoint = "__real_SystemNative_SetLingerOption")]
    public static extern int SetLingerOption(nint socket, LingerOption* option);

    [DllImport(Library, EntryPoint = "__real_SystemNative_SetReceiveTimeout")]
    public static extern int SetReceiveTimeout(nint socket, int milliseconds);

    [DllImport(Library, EntryPoint = "__real_SystemNative_SetSendTimeout")]
    public static extern int SetSendTimeout(nint socket, int milliseconds);

    [DllImport(Library, EntryPoint = "__real_SystemNative_GetIPv4MulticastOption")]
    public static extern int GetIPv4MulticastOption(nint socket, int which, Ipv4MulticastOption* option);

    [DllImport(Library, EntryPoint = "__real_SystemNative_SetIPv4MulticastOption")]
    public static extern int SetIPv4MulticastOption(nint socket, int which, Ipv4MulticastOption* option);

    [DllImport(Library, EntryPoint = "__real_SystemNative_GetIPv6MulticastOption")]
    public static extern int GetIPv6MulticastOption(nint socket, int which, byte* option);

    [DllImport(Library, EntryPoint = "__real_SystemNative_SetIPv6MulticastOption")]
    public static extern int SetIPv6MulticastOption(nint socket, int which, byte* option);

    [DllImport(Library, EntryPoint = "__real_SystemNative_Poll")]
    public static extern int Poll(PollEvent* events, uint count, int milliseconds, uint* triggered);

    [DllImport(Library, EntryPoint = "__real_SystemNative_GetPeerID")]
    public static extern int GetPeerId(nint socket, uint* user);

    [DllImport(Library, EntryPoint = "__real_SystemNative_ReadEvents")]
    public static extern int ReadEvents(nint socket, void* onChange);

    [DllImport(Library, EntryPoint = "SystemNative_GetEUid")]
    public static extern uint GetEUid();

    [DllImport(Library, EntryPoint = "SystemNative_GetEGid")]
    public static extern uint GetEGid();

    [DllImport(Library, EntryPoint = "SystemNative_PRead")]
    public static extern int PRead(nint file, byte* buffer, int count, long offset);
}
