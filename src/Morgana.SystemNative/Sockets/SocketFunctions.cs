namespace Morgana.SystemNative;

/// <summary>Sockets: made, bound, connected and asked about, with the checks and the order of errors that Linux has.</summary>
internal static unsafe class SocketFunctions
{
    private const int FamilyUnix = 1;
    private const int FamilyIpv4 = 2;
    private const int TypeStream = 1;
    private const int TypeDatagram = 2;
    private const int TypeRaw = 3;
    private const int ProtocolIcmp = 1;
    private const int ProtocolTcp = 6;
    private const int ProtocolUdp = 17;

    // socket(2). A host without IPv6 has no such family; nor have we one for packets and CAN.
    public static Error Socket(int family, int type, int protocol, nint* socket)
    {
        if (socket is null) return Error.EFAULT;
        *socket = -1;
        if (family is not (FamilyUnix or FamilyIpv4)) return Error.EAFNOSUPPORT;
        if (type is < TypeStream or > 5) return Error.EPROTOTYPE;
        if (family == FamilyUnix) return UnixSocket(type, protocol, socket);
        if (protocol is not (0 or 1 or 2 or ProtocolTcp or ProtocolUdp or 255)) return Error.EPROTONOSUPPORT;
        OwnSocket created;
        switch (type, protocol)
        {
            case (TypeStream, 0 or ProtocolTcp): created = new TcpSocket(HostNetwork.Loop); break;
            case (TypeDatagram, 0 or ProtocolUdp): created = new UdpSocket(HostNetwork.Loop); break;
            case (TypeDatagram or TypeRaw, ProtocolIcmp): created = new IcmpSocket(HostNetwork.Loop, type == TypeRaw); break;
            case (TypeStream or TypeDatagram or TypeRaw, _): return Error.EPROTONOSUPPORT;
            default: return Error.ESOCKTNOSUPPORT;
        }

        return Descriptors.Open(created, out *socket);
    }

    // unix(7).
    private static Error UnixSocket(int type, int protocol, nint* socket)
    {
        if (protocol != 0) return Error.EPROTONOSUPPORT;
        OwnSocket created;
        switch (type)
        {
            case TypeStream: created = new UnixStreamSocket(HostNetwork.Loop); break;
            // unix_create of Linux: what was once a raw one counts as this.
            case TypeDatagram or TypeRaw: created = new UnixDatagramSocket(HostNetwork.Loop); break;
            default: return Error.ESOCKTNOSUPPORT;
        }

        return Descriptors.Open(created, out *socket);
    }

    // What cannot be told is "unknown", and no error: .NET's constructor for a handle relies on it.
    public static Error GetSocketType(nint socket, int* family, int* type, int* protocol, int* isListening)
    {
        if (family is null || type is null || protocol is null || isListening is null) return Error.EFAULT;
        (*family, *type, *protocol, *isListening) = (-1, -1, -1, 0);
        if (Find(socket, out var found) != Error.Success) return Error.Success;
        (*family, *type, *protocol, *isListening) = (found!.Family, found.Type, found.Protocol, found.IsListening ? 1 : 0);
        return Error.Success;
    }

    public static Error Bind(nint socket, int protocol, byte* address, int length)
    {
        if (address is null || length < 0) return Error.EFAULT;
        var error = Find(socket, out var found);
        if (error != Error.Success) return error;
        // As .NET does it: a port in TIME_WAIT can be bound on Windows.
        if (protocol == ProtocolTcp) found!.Options.ReuseAddress = true;
        return found!.Bind(new ReadOnlySpan<byte>(address, length));
    }

    public static Error Connect(nint socket, byte* address, int length)
    {
        if (address is null || length < 0) return Error.EFAULT;
        var error = Find(socket, out var found);
        return error != Error.Success ? error : found!.Connect(new ReadOnlySpan<byte>(address, length));
    }

    // The data is the caller's to send afterwards, as it is where there is no TCP Fast Open.
    public static Error Connectx(nint socket, byte* address, int length, byte* data, int dataLength, int fastOpen, int* sent)
    {
        if (sent is null) return Error.EFAULT;
        *sent = 0;
        return Connect(socket, address, length);
    }

    public static Error Disconnect(nint socket)
    {
        var error = Find(socket, out var found);
        return error != Error.Success ? error : found!.Disconnect();
    }

    public static Error Listen(nint socket, int backlog)
    {
        var error = Find(socket, out var found);
        return error != Error.Success ? error : found!.Listen(backlog);
    }

    public static Error Accept(nint socket, byte* address, int* length, nint* accepted)
    {
        if (address is null || length is null || accepted is null || *length < 0) return Error.EFAULT;
        *accepted = -1;
        var error = Find(socket, out var found);
        if (error != Error.Success) return error;
        // Linux takes the number first: a connection that gets none stays where it is.
        if (Descriptors.IsFull) return Error.EMFILE;
        error = found!.Accept(out var connection, new(address, *length), out int nameLength);
        if (error != Error.Success) return error;
        error = Descriptors.Open(connection!, out *accepted);
        if (error != Error.Success)
        {
            connection!.Close();
            return error;
        }

        *length = nameLength;
        return Error.Success;
    }

    public static Error Shutdown(nint socket, int how)
    {
        // The platform layer knows three ways, before it asks the kernel.
        if (how is < 0 or > 2) return Error.EINVAL;
        var error = Find(socket, out var found);
        return error != Error.Success ? error : found!.Shutdown(receive: how != 1, send: how != 0);
    }

    public static Error GetSockName(nint socket, byte* address, int* length)
    {
        if (address is null || length is null || *length < 0) return Error.EFAULT;
        var error = Find(socket, out var found);
        if (error != Error.Success) return error;
        error = found!.GetLocal(new Span<byte>(address, *length), out int nameLength);
        if (error == Error.Success) *length = nameLength;
        return error;
    }

    public static Error GetPeerName(nint socket, byte* address, int* length)
    {
        if (address is null || length is null || *length < 0) return Error.EFAULT;
        var error = Find(socket, out var found);
        if (error != Error.Success) return error;
        error = found!.GetPeer(new Span<byte>(address, *length), out int nameLength);
        if (error == Error.Success) *length = nameLength;
        return error;
    }

    public static Error GetBytesAvailable(nint socket, int* available)
    {
        if (available is null) return Error.EFAULT;
        *available = 0;
        var error = Find(socket, out var found);
        return error != Error.Success ? error : found!.GetAvailable(out *available);
    }

    // There is no urgent data, so that no mark was ever set.
    public static Error GetAtOutOfBandMark(nint socket, int* atMark)
    {
        if (atMark is null) return Error.EFAULT;
        *atMark = 0;
        var error = Find(socket, out var found);
        return error == Error.Success && found is not TcpSocket ? Error.ENOTTY : error;
    }

    // SO_PEERCRED.
    public static Error GetPeerId(nint socket, uint* user)
    {
        if (user is null) return Error.EFAULT;
        var error = Find(socket, out var found);
        if (error == Error.Success) *user = found!.PeerCredentials().User;
        return error;
    }

    public static Error Find(nint socket, out OwnSocket? found) => Descriptors.Find(socket, Error.ENOTSOCK, out found);
}
