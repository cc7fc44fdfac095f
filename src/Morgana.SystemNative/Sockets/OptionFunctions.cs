using System.Buffers.Binary;
using Morgana.Core;

namespace Morgana.SystemNative;

/// <summary>A <c>struct linger</c>.</summary>
internal struct LingerOption
{
    public int OnOff;
    public int Seconds;
}

/// <summary>Groups and the interface for them: the layout of .NET's platform layer.</summary>
internal struct Ipv4MulticastOption
{
    public uint MulticastAddress;
    public uint LocalAddress;
    public int InterfaceIndex;
    public int Padding;
}

/// <summary>The options of sockets.</summary>
internal static unsafe class OptionFunctions
{
    // MulticastOption of .NET's platform layer.
    private const int AddMembership = 0, DropMembership = 1, MulticastInterface = 2;

    public static Error GetSockOpt(nint socket, int level, int name, byte* value, int* length)
    {
        if (length is null || *length < 0) return Error.EFAULT;
        if (!SocketOptionTable.IsNamed(level, name)) return Error.ENOTSUP;
        if (level == SocketOptionTable.LevelSocket && name is 0x0004 or ~0x0004 && *length != sizeof(int)) return Error.EINVAL;
        var error = SocketFunctions.Find(socket, out var found);
        if (error != Error.Success) return error;
        if (level == SocketOptionTable.LevelIp && name == 1 && found is IpSocket)
        {
            // IP_OPTIONS: none.
            *length = 0;
            return Error.Success;
        }

        // Linux writes as much of the type as there is room for; the platform layer wants all of it.
        if (level == SocketOptionTable.LevelSocket && name == 0x1008 && *length < sizeof(int)) return Error.ENOTSUP;
        if (level == SocketOptionTable.LevelSocket && name is 0x0080 or 0x1005 or 0x1006) return GetStructure(found!, name, value, length);
        using var turn = HostNetwork.Loop.TakeTurn();
        error = SocketOptionTable.Get(found!, level, name, out int number);
        if (error != Error.Success) return error;
        *length = SocketOptionTable.Write(number, new(value, *length), level);
        return Error.Success;
    }

    public static Error SetSockOpt(nint socket, int level, int name, byte* value, int length)
    {
        if (value is null || length < 0) return Error.EFAULT;
        if (!SocketOptionTable.IsNamed(level, name)) return Error.ENOTSUP;
        var error = SocketFunctions.Find(socket, out var found);
        if (error != Error.Success) return error;
        if (level == SocketOptionTable.LevelSocket && name == 0x0080) return length < 8 ? Error.EINVAL : SetLingerOption(socket, (LingerOption*)value);
        if (level == SocketOptionTable.LevelSocket && name is 0x1005 or 0x1006) return SetTime(found!, name, value, length);
        if (level == SocketOptionTable.LevelIp && GroupOptions.IsOne(name)) return GroupOptions.Set(found!, name, new(value, length));
        error = SocketOptionTable.Read(new(value, length), level, out int number);
        if (error != Error.Success) return error;
        using var turn = HostNetwork.Loop.TakeTurn();
        return SocketOptionTable.Set(found!, level, name, number, turn.Now);
    }

    // By Linux's own numbers: those that also have a name in .NET.
    public static Error GetRawSockOpt(nint socket, int level, int name, byte* value, int* length)
    {
        if (length is null || *length < 0) return Error.EFAULT;
        var error = SocketFunctions.Find(socket, out var found);
        if (error != Error.Success) return error;
        if ((level, name) is (1, 17)) return GetPeerCredentials(found!, value, length);
        if ((level, name) is (6, 11) && found is TcpSocket tcp) return GetTcpInformation(tcp, value, length);
        int number;
        if ((level, name) is (1, 39) or (1, 38))        // SO_DOMAIN, SO_PROTOCOL
        {
            number = name == 39 ? found!.Family : found!.Protocol;
        }
        else
        {
            if (!RawOptions.TryTranslate(level, name, out int ownLevel, out int ownName)) return Error.ENOPROTOOPT;
            if (ownLevel == SocketOptionTable.LevelSocket && ownName is 0x0080 or 0x1005 or 0x1006) return GetStructure(found!, ownName, value, length);
            using var turn = HostNetwork.Loop.TakeTurn();
            error = (level, name) switch
            {
                (1, 2) => Known(found!.Options.ReuseAddress ? 1 : 0, out number),
                (0, 10) => Known(found!.Options.PathMtuDiscovery, out number),
                (0, 11) => Known(found!.Options.ReceiveErrors ? 1 : 0, out number),
                (0, 51) => Known((int)found!.Options.LocalPortRange, out number),
                _ => SocketOptionTable.Get(found!, ownLevel, ownName, out number),
            };
            if (error != Error.Success) return error == Error.ENOTSUP ? Error.ENOPROTOOPT : error;
        }

        *length = SocketOptionTable.Write(number, new(value, *length), level);
        return Error.Success;
    }

    public static Error SetRawSockOpt(nint socket, int level, int name, byte* value, int length)
    {
        if (value is null || length < 0) return Error.EFAULT;
        var error = SocketFunctions.Find(socket, out var found);
        if (error != Error.Success) return error;
        if (found is UnixSocket && level != 1) return Error.ENOTSUP;
        if (!RawOptions.TryTranslate(level, name, out int ownLevel, out int ownName)) return Error.ENOPROTOOPT;
        if (ownLevel == SocketOptionTable.LevelSocket && ownName is 0x0080 or 0x1005 or 0x1006) return SetSockOpt(socket, ownLevel, ownName, value, length);
        if (ownLevel == SocketOptionTable.LevelIp && GroupOptions.IsOne(ownName)) return GroupOptions.Set(found!, ownName, new(value, length));
        error = SocketOptionTable.Read(new(value, length), ownLevel, out int number);
        if (error != Error.Success) return error;
        if ((level, name) is (0, 51) && (length != sizeof(uint) || (number >> 16 != 0 && (ushort)number > (ushort)(number >> 16)))) return Error.EINVAL;
        using var turn = HostNetwork.Loop.TakeTurn();
        switch (level, name)
        {
            case (0, 51):
                found!.Options.LocalPortRange = (uint)number;
                return Error.Success;
            case (1, 2):
                found!.Options.ReuseAddress = number != 0;
                return Error.Success;
            case (1, 15):
                found!.Options.ReusePort = number != 0;
                return Error.Success;
            case (0, 10):
                if (number is < 0 or > 5) return Error.EINVAL;
                found!.Options.PathMtuDiscovery = number;
                return Error.Success;
            // IP_RECVERR has an effect for ICMP; datagrams and streams tell of errors anyway.
            case (0, 11):
                found!.Options.ReceiveErrors = number != 0;
                return Error.Success;
        }

        error = SocketOptionTable.Set(found!, ownLevel, ownName, number, turn.Now);
        return error == Error.ENOTSUP ? Error.ENOPROTOOPT : error;
    }

    public static Error GetSocketErrorOption(nint socket, int* error)
    {
        if (error is null) return Error.EFAULT;
        var found = SocketFunctions.Find(socket, out var owner);
        if (found == Error.Success) *error = (int)owner!.TakeError();
        return found;
    }

    public static Error GetLingerOption(nint socket, LingerOption* option)
    {
        if (option is null) return Error.EFAULT;
        var error = SocketFunctions.Find(socket, out var found);
        if (error != Error.Success) return error;
        using var turn = HostNetwork.Loop.TakeTurn();
        *option = new() { OnOff = found!.Options.LingerOn ? 1 : 0, Seconds = found.Options.LingerSeconds };
        return Error.Success;
    }

    public static Error SetLingerOption(nint socket, LingerOption* option)
    {
        if (option is null) return Error.EFAULT;
        var error = SocketFunctions.Find(socket, out var found);
        if (error != Error.Success) return error;
        using var turn = HostNetwork.Loop.TakeTurn();
        found!.Options.LingerOn = option->OnOff != 0;
        if (option->OnOff != 0) found.Options.LingerSeconds = option->Seconds;
        return Error.Success;
    }

    public static Error SetReceiveTimeout(nint socket, int milliseconds)
    {
        var error = SocketFunctions.Find(socket, out var found);
        if (error != Error.Success) return error;
        if (milliseconds < 0) return Error.EINVAL;
        found!.Options.ReceiveTimeout = milliseconds;
        return Error.Success;
    }

    public static Error SetSendTimeout(nint socket, int milliseconds)
    {
        var error = SocketFunctions.Find(socket, out var found);
        if (error != Error.Success) return error;
        if (milliseconds < 0) return Error.EINVAL;
        found!.Options.SendTimeout = milliseconds;
        return Error.Success;
    }

    public static Error GetIPv4MulticastOption(nint socket, int which, Ipv4MulticastOption* option)
    {
        if (option is null) return Error.EFAULT;
        var error = SocketFunctions.Find(socket, out var found);
        if (error != Error.Success) return error;
        if (found is UnixSocket) return Error.ENOTSUP;
        if (which is AddMembership or DropMembership) return Error.ENOPROTOOPT;
        if (which != MulticastInterface) return Error.EINVAL;
        // Linux answers with an address alone, which comes to lie in the first field.
        using var turn = HostNetwork.Loop.TakeTurn();
        *option = new() { MulticastAddress = BinaryPrimitives.ReverseEndianness(found!.Options.MulticastAddress.Value) };
        return Error.Success;
    }

    public static Error SetIPv4MulticastOption(nint socket, int which, Ipv4MulticastOption* option)
    {
        if (option is null) return Error.EFAULT;
        if (which is not (AddMembership or DropMembership or MulticastInterface)) return Error.EINVAL;
        var error = SocketFunctions.Find(socket, out var found);
        if (error != Error.Success) return error;
        int name = which switch { AddMembership => GroupOptions.Join, DropMembership => GroupOptions.Leave, _ => GroupOptions.Interface };
        // Its first three fields are those of a struct ip_mreqn.
        return GroupOptions.Set(found!, name, new(option, GroupOptions.RequestSize));
    }

    public static Error GetIPv6MulticastOption(nint socket, int which, byte* option) => Ipv6Option(socket);

    public static Error SetIPv6MulticastOption(nint socket, int which, byte* option) => Ipv6Option(socket);

    private static Error Ipv6Option(nint socket)
    {
        var error = SocketFunctions.Find(socket, out _);
        return error != Error.Success ? error : Error.ENOPROTOOPT;
    }

    private static Error Known(int known, out int number)
    {
        number = known;
        return Error.Success;
    }

    private static Error GetStructure(OwnSocket socket, int name, byte* value, int* length)
    {
        using var turn = HostNetwork.Loop.TakeTurn();
        Span<byte> whole = stackalloc byte[16];
        whole.Clear();
        int size;
        if (name == 0x0080)
        {
            size = 8;
            BinaryPrimitives.WriteInt32LittleEndian(whole, socket.Options.LingerOn ? 1 : 0);
            BinaryPrimitives.WriteInt32LittleEndian(whole[4..], socket.Options.LingerSeconds);
        }
        else
        {
            // A struct timeval.
            size = 16;
            int milliseconds = name == 0x1006 ? socket.Options.ReceiveTimeout : socket.Options.SendTimeout;
            BinaryPrimitives.WriteInt64LittleEndian(whole, milliseconds / 1000);
            BinaryPrimitives.WriteInt64LittleEndian(whole[8..], milliseconds % 1000 * 1000L);
        }

        *length = Math.Min(*length, size);
        whole[..*length].CopyTo(new(value, *length));
        return Error.Success;
    }

    // A struct ucred.
    private static Error GetPeerCredentials(OwnSocket socket, byte* value, int* length)
    {
        var (process, user, group) = socket.PeerCredentials();
        Span<byte> whole = stackalloc byte[12];
        BinaryPrimitives.WriteInt32LittleEndian(whole, process);
        BinaryPrimitives.WriteUInt32LittleEndian(whole[4..], user);
        BinaryPrimitives.WriteUInt32LittleEndian(whole[8..], group);
        *length = Math.Min(*length, whole.Length);
        whole[..*length].CopyTo(new(value, *length));
        return Error.Success;
    }

    private static Error GetTcpInformation(TcpSocket socket, byte* value, int* length)
    {
        Span<byte> whole = stackalloc byte[TcpInformation.Size];
        using (HostNetwork.Loop.TakeTurn()) socket.WriteInformation(whole);
        *length = Math.Min(*length, whole.Length);
        whole[..*length].CopyTo(new(value, *length));
        return Error.Success;
    }

    private static Error SetTime(OwnSocket socket, int name, byte* value, int length)
    {
        if (length < 16) return Error.EINVAL;
        long seconds = BinaryPrimitives.ReadInt64LittleEndian(new(value, 8)), microseconds = BinaryPrimitives.ReadInt64LittleEndian(new(value + 8, 8));
        if (microseconds is < 0 or >= 1_000_000) return Error.EDOM;
        int milliseconds = (int)Math.Clamp((seconds * 1000) + ((microseconds + 999) / 1000), 0, int.MaxValue);
        if (name == 0x1006) socket.Options.ReceiveTimeout = milliseconds;
        else socket.Options.SendTimeout = milliseconds;
        return Error.Success;
    }
}
