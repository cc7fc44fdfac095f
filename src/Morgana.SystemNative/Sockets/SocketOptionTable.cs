using System.Runtime.InteropServices;
using Morgana.Core;

namespace Morgana.SystemNative;

/// <summary>getsockopt(2) and setsockopt(2), by .NET's numbers of levels and names. In the loop's turn.</summary>
internal static class SocketOptionTable
{
    public const int LevelSocket = 0xffff;
    public const int LevelIp = 0;
    public const int LevelIpv6 = 41;
    public const int LevelTcp = 6;

    private const int MostBuffer = 2 * 212992;      // Twice net.core.rmem_max and wmem_max.

    /// <summary>An option's value as a number; <c>ENOTSUP</c> for a name that .NET has no Linux option for, <c>ENOPROTOOPT</c> for one that this kind of socket lacks.</summary>
    public static Error Get(OwnSocket socket, int level, int name, out int value)
    {
        var options = socket.Options;
        value = 0;
        // unix(7): the Internet's levels have nothing there.
        if (socket is UnixSocket && level != LevelSocket) return Error.ENOTSUP;
        switch (level, name)
        {
            case (LevelSocket, 0x0001): value = Flag(options.Debug); break;
            case (LevelSocket, 0x0002): value = Flag(socket.IsListening); break;
            case (LevelSocket, 0x0004): value = Flag(options.ReusePort); break;
            case (LevelSocket, ~0x0004): value = Flag(!options.ReusePort); break;
            case (LevelSocket, 0x0008): value = Flag(options.KeepAlive); break;
            case (LevelSocket, 0x0010): value = Flag(options.DontRoute); break;
            case (LevelSocket, 0x0020): value = Flag(options.Broadcast); break;
            case (LevelSocket, 0x0100): value = Flag(options.OutOfBandInline); break;
            case (LevelSocket, 0x1001): value = options.SendBuffer; break;
            case (LevelSocket, 0x1002): value = options.ReceiveBuffer; break;
            case (LevelSocket, 0x1003): value = 1; break;
            case (LevelSocket, 0x1004): value = options.ReceiveLowWater; break;
            case (LevelSocket, 0x1007): value = socket.TakeError().ToErrno(); break;
            case (LevelSocket, 0x1008): value = socket.Type; break;
            case (LevelIp, 2): value = Flag(options.HeaderIncluded); break;
            case (LevelIp, 3): value = options.TypeOfService; break;
            case (LevelIp, 4): value = options.TimeToLive; break;
            case (LevelIp, 9): value = (int)System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(options.MulticastAddress.Value); break;
            case (LevelIp, 10): value = options.MulticastTimeToLive; break;
            case (LevelIp, 11): value = Flag(options.MulticastLoop); break;
            case (LevelIp, 14): value = Flag(options.PathMtuDiscovery == 2); break;
            case (LevelIp, 19): value = Flag(options.PacketInformation); break;
            case (LevelTcp, 1) when socket is TcpSocket: value = Flag(options.NoDelay); break;
            case (LevelTcp, 3) when socket is TcpSocket: value = options.KeepAliveTime; break;
            case (LevelTcp, 15) when socket is TcpSocket: value = options.FastOpen; break;
            case (LevelTcp, 16) when socket is TcpSocket: value = options.KeepAliveCount; break;
            case (LevelTcp, 17) when socket is TcpSocket: value = options.KeepAliveInterval; break;
            default: return level != LevelTcp && IsKnown(level, name) ? Error.ENOPROTOOPT : Error.ENOTSUP;
        }

        return Error.Success;
    }

    /// <summary>Sets an option to a number.</summary>
    public static Error Set(OwnSocket socket, int level, int name, int value, Instant now)
    {
        var options = socket.Options;
        if (socket is UnixSocket && level != LevelSocket) return Error.ENOTSUP;
        // SO_REUSEPORT, which .NET sets along, is for the Internet's sockets.
        if (socket is UnixSocket && (name, value) is (0x0004, not 0) or (~0x0004, 0)) return Error.ENOTSUP;
        var error = (level, name) switch
        {
            (LevelSocket, _) => SetSocket(options, name, value),
            (LevelIp, _) => SetIp(socket, name, value),
            (LevelTcp, _) when socket is TcpSocket => SetTcp(options, name, value),
            _ => IsKnown(level, name) ? Error.ENOPROTOOPT : Error.ENOTSUP,
        };
        if (error == Error.Success) socket.HandleOptionsChanged(now);
        return error;
    }

    private static Error SetSocket(SocketOptions options, int name, int value)
    {
        switch (name)
        {
            case 0x0001: options.Debug = value != 0; break;
            case 0x0004: options.ReusePort = options.ReuseAddress = value != 0; break;
            case ~0x0004: if (value is not (0 or 1)) return Error.EINVAL; options.ReusePort = options.ReuseAddress = value == 0; break;
            case 0x0008: options.KeepAlive = value != 0; break;
            case 0x0010: options.DontRoute = value != 0; break;
            case 0x0020: options.Broadcast = value != 0; break;
            case 0x0100: options.OutOfBandInline = value != 0; break;
            // socket(7): the kernel doubles what is asked for, within bounds.
            case 0x1001: (options.SendBuffer, options.IsSendBufferSet) = (Doubled(value, 4608), true); break;
            case 0x1002: (options.ReceiveBuffer, options.IsReceiveBufferSet) = (Doubled(value, 2304), true); break;
            case 0x1004: options.ReceiveLowWater = value is 0 ? 1 : value < 0 ? int.MaxValue : value; break;
            // socket(7): these are to be read.
            case 0x0002 or 0x1003 or 0x1007 or 0x1008: return Error.ENOPROTOOPT;
            default: return Error.ENOTSUP;
        }

        return Error.Success;
    }

    private static Error SetIp(OwnSocket socket, int name, int value)
    {
        var options = socket.Options;
        switch (name)
        {
            case 1: return Error.EINVAL;        // IP_OPTIONS: our stack sends none.
            case 2: if (socket.Type != 3) return Error.ENOPROTOOPT; options.HeaderIncluded = value != 0; break;
            // RFC 3168: the last two bits are TCP's own.
            case 3: options.TypeOfService = value & (socket is TcpSocket ? 0xfc : 0xff); break;
            case 4:
                if (value != -1 && value is < 1 or > 255) return Error.EINVAL;
                options.TimeToLive = value == -1 ? 64 : value;
                break;
            case 10:
                if (socket.Type == 1 || value is < -1 or > 255) return Error.EINVAL;
                options.MulticastTimeToLive = value == -1 ? 1 : value;
                break;
            case 11: options.MulticastLoop = value != 0; break;
            case 14: options.PathMtuDiscovery = value != 0 ? 2 : 0; break;
            case 19: options.PacketInformation = value != 0; break;
            default: return Error.ENOTSUP;
        }

        return Error.Success;
    }

    // tcp(7), with the bounds of Linux.
    private static Error SetTcp(SocketOptions options, int name, int value)
    {
        switch (name)
        {
            case 1: options.NoDelay = value != 0; break;
            case 3: if (value is < 1 or > 32767) return Error.EINVAL; options.KeepAliveTime = value; break;
            case 15: if (value < 0) return Error.EINVAL; options.FastOpen = value; break;
            case 16: if (value is < 1 or > 127) return Error.EINVAL; options.KeepAliveCount = value; break;
            case 17: if (value is < 1 or > 32767) return Error.EINVAL; options.KeepAliveInterval = value; break;
            default: return Error.ENOTSUP;
        }

        return Error.Success;
    }

    /// <summary>Whether Linux has an option for a name of .NET's: others never come to the kernel.</summary>
    public static bool IsNamed(int level, int name) => level switch
    {
        LevelSocket => name is 0x0001 or 0x0002 or 0x0004 or ~0x0004 or 0x0008 or 0x0010 or 0x0020 or 0x0080 or 0x0100 or (>= 0x1001 and <= 0x1008),
        LevelIp => name is (>= 1 and <= 4) or (>= 9 and <= 19),
        _ => IsKnown(level, name),
    };

    /// <summary>A number from an option's octets: four, or one where Linux takes that.</summary>
    public static Error Read(ReadOnlySpan<byte> octets, int level, out int value)
    {
        value = 0;
        if (octets.Length >= sizeof(int)) value = MemoryMarshal.Read<int>(octets);
        else if (level == LevelIp && octets.Length >= 1) value = octets[0];     // ip(7)
        else return Error.EINVAL;
        return Error.Success;
    }

    /// <summary>Writes a number as far as there is room, and says how long it is.</summary>
    public static int Write(int value, Span<byte> octets, int level)
    {
        // ip(7): an option that fits into one octet comes as one.
        if (level == LevelIp && octets.Length is > 0 and < sizeof(int) && value is >= 0 and <= 255)
        {
            octets[0] = (byte)value;
            return 1;
        }

        Span<byte> whole = stackalloc byte[sizeof(int)];
        MemoryMarshal.Write(whole, in value);
        int length = Math.Min(octets.Length, sizeof(int));
        whole[..length].CopyTo(octets);
        return length;
    }

    // Names that Linux has, for another kind of socket.
    private static bool IsKnown(int level, int name) => level switch
    {
        LevelSocket => name is 0x0080 or 0x1005 or 0x1006,
        LevelIp => name is 1 or 12 or 13 or 15 or 16 or 17 or 18,
        LevelIpv6 => name is 4 or 9 or 10 or 11 or 19 or 21 or 27,
        LevelTcp => name is 1 or 3 or 15 or 16 or 17,
        _ => false,
    };

    private static int Doubled(int value, int least) => (int)Math.Clamp(2L * (uint)value, least, MostBuffer);

    private static int Flag(bool value) => value ? 1 : 0;
}
