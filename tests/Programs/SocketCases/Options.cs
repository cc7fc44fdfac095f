using System.Net.Sockets;

namespace SocketCases;

/// <summary>Every option of .NET's, read and set to ordinary and to wrong values, on both kinds of sockets.</summary>
internal static class Options
{
    private static readonly (SocketOptionLevel Level, SocketOptionName Name)[] s_names =
    [
        .. new[]
        {
            SocketOptionName.Debug, SocketOptionName.AcceptConnection, SocketOptionName.ReuseAddress, SocketOptionName.KeepAlive, SocketOptionName.DontRoute,
            SocketOptionName.Broadcast, SocketOptionName.OutOfBandInline, SocketOptionName.ExclusiveAddressUse, SocketOptionName.SendLowWater,
            SocketOptionName.ReceiveLowWater, SocketOptionName.SendTimeout, SocketOptionName.ReceiveTimeout, SocketOptionName.Error, SocketOptionName.Type,
            SocketOptionName.UseLoopback, SocketOptionName.MaxConnections,
        }.Select(n => (SocketOptionLevel.Socket, n)),
        .. new[]
        {
            SocketOptionName.HeaderIncluded, SocketOptionName.TypeOfService, SocketOptionName.IpTimeToLive, SocketOptionName.MulticastTimeToLive,
            SocketOptionName.MulticastLoopback, SocketOptionName.MulticastInterface, SocketOptionName.AddMembership, SocketOptionName.DropMembership,
            SocketOptionName.AddSourceMembership, SocketOptionName.DropSourceMembership, SocketOptionName.BlockSource, SocketOptionName.UnblockSource, SocketOptionName.DontFragment, SocketOptionName.PacketInformation,
        }.Select(n => (SocketOptionLevel.IP, n)),
        .. new[]
        {
            SocketOptionName.NoDelay, SocketOptionName.TcpKeepAliveTime, SocketOptionName.TcpKeepAliveInterval, SocketOptionName.TcpKeepAliveRetryCount, SocketOptionName.BsdUrgent,
        }.Select(n => (SocketOptionLevel.Tcp, n)),
        .. new[] { SocketOptionName.NoChecksum, SocketOptionName.ChecksumCoverage }.Select(n => (SocketOptionLevel.Udp, n)),
    ];

    public static void RunAll()
    {
        foreach (var (level, name) in s_names)
        {
            foreach (string kind in new[] { "tcp", "udp", "unix" })
            {
                Case.Run($"option {level} {name} of {kind}", () => Get(kind, level, name));
                foreach (int value in new[] { 0, 1, 5, 300, -1 }) Case.Run($"option {level} {name} of {kind} = {value}", () => Set(kind, level, name, value));
            }
        }

        foreach (string kind in new[] { "tcp", "udp", "unix" })
        {
            Case.Run($"buffers of {kind}", () =>
            {
                using var socket = New(kind);
                socket.SendBufferSize = 50_000;
                socket.ReceiveBufferSize = 60_000;
                return $"{socket.SendBufferSize} {socket.ReceiveBufferSize}";
            });
            Case.Run($"small buffers of {kind}", () =>
            {
                using var socket = New(kind);
                socket.SendBufferSize = 1;
                socket.ReceiveBufferSize = 1;
                return $"{socket.SendBufferSize} {socket.ReceiveBufferSize}";
            });
            Case.Run($"raw options of {kind}", () =>
            {
                using var socket = New(kind);
                byte[] domain = new byte[4], protocol = new byte[4];
                socket.GetRawSocketOption(1, 39, domain);
                socket.GetRawSocketOption(1, 38, protocol);
                return $"{domain[0]} {protocol[0]}";
            });
            Case.Run($"unknown raw option of {kind}", () =>
            {
                using var socket = New(kind);
                return $"{socket.GetRawSocketOption(1, 9999, new byte[4])}";
            });
            Case.Run($"unknown raw option of {kind} set", () =>
            {
                using var socket = New(kind);
                socket.SetRawSocketOption(77, 1, new byte[4]);
                return "done";
            });
        }

        foreach (var family in new[] { AddressFamily.InterNetwork, AddressFamily.AppleTalk, AddressFamily.Unix })
        {
            foreach (var type in new[] { SocketType.Stream, SocketType.Dgram, SocketType.Rdm, SocketType.Seqpacket, SocketType.Unknown })
            {
                foreach (var protocol in new[] { ProtocolType.Unspecified, ProtocolType.Tcp, ProtocolType.Udp, ProtocolType.Ggp, ProtocolType.IPv6 })
                {
                    Case.Run($"new Socket({family}, {type}, {protocol})", () =>
                    {
                        using var socket = new Socket(family, type, protocol);
                        return $"{socket.SocketType} {socket.ProtocolType}";
                    });
                }
            }
        }
    }

    private static Socket New(string kind) => kind switch
    {
        "tcp" => Situation.NewTcp(),
        "udp" => Situation.NewUdp(),
        _ => UnixStates.New(SocketType.Stream),
    };

    private static string Get(string kind, SocketOptionLevel level, SocketOptionName name)
    {
        using var socket = New(kind);
        return $"{socket.GetSocketOption(level, name)}";
    }

    private static string Set(string kind, SocketOptionLevel level, SocketOptionName name, int value)
    {
        using var socket = New(kind);
        socket.SetSocketOption(level, name, value);
        return $"{Calls.Tried(() => socket.GetSocketOption(level, name)!)}";
    }
}
