namespace Morgana.SystemNative;

/// <summary>Linux's numbers of levels and options (asm-generic/socket.h, netinet/in.h, netinet/tcp.h) as .NET's.</summary>
internal static class RawOptions
{
    // .NET has no names for them.
    private const int RecvErr = ~11, LocalPortRange = ~51;

    public static bool TryTranslate(int level, int name, out int ownLevel, out int ownName)
    {
        (ownLevel, ownName) = (level, name) switch
        {
            (1, 1) => (SocketOptionTable.LevelSocket, 0x0001),
            (1, 2 or 15) => (SocketOptionTable.LevelSocket, 0x0004),
            (1, 3) => (SocketOptionTable.LevelSocket, 0x1008),
            (1, 4) => (SocketOptionTable.LevelSocket, 0x1007),
            (1, 5) => (SocketOptionTable.LevelSocket, 0x0010),
            (1, 6) => (SocketOptionTable.LevelSocket, 0x0020),
            (1, 7) => (SocketOptionTable.LevelSocket, 0x1001),
            (1, 8) => (SocketOptionTable.LevelSocket, 0x1002),
            (1, 9) => (SocketOptionTable.LevelSocket, 0x0008),
            (1, 10) => (SocketOptionTable.LevelSocket, 0x0100),
            (1, 13) => (SocketOptionTable.LevelSocket, 0x0080),
            (1, 18) => (SocketOptionTable.LevelSocket, 0x1004),
            (1, 19) => (SocketOptionTable.LevelSocket, 0x1003),
            (1, 20) => (SocketOptionTable.LevelSocket, 0x1006),
            (1, 21) => (SocketOptionTable.LevelSocket, 0x1005),
            (1, 30) => (SocketOptionTable.LevelSocket, 0x0002),
            (0, 1) => (SocketOptionTable.LevelIp, 3),
            (0, 2) => (SocketOptionTable.LevelIp, 4),
            (0, 8) => (SocketOptionTable.LevelIp, 19),
            (0, 10) => (SocketOptionTable.LevelIp, 14),
            (0, 11) => (SocketOptionTable.LevelIp, RecvErr),
            (0, 51) => (SocketOptionTable.LevelIp, LocalPortRange),
            (0, 32) => (SocketOptionTable.LevelIp, 9),
            (0, 35) => (SocketOptionTable.LevelIp, 12),
            (0, 36) => (SocketOptionTable.LevelIp, 13),
            (0, 37) => (SocketOptionTable.LevelIp, 18),
            (0, 38) => (SocketOptionTable.LevelIp, 17),
            (0, 39) => (SocketOptionTable.LevelIp, 15),
            (0, 40) => (SocketOptionTable.LevelIp, 16),
            (0, 33) => (SocketOptionTable.LevelIp, 10),
            (0, 34) => (SocketOptionTable.LevelIp, 11),
            (6, 1) => (SocketOptionTable.LevelTcp, 1),
            (6, 4) => (SocketOptionTable.LevelTcp, 3),
            (6, 5) => (SocketOptionTable.LevelTcp, 17),
            (6, 6) => (SocketOptionTable.LevelTcp, 16),
            (6, 23) => (SocketOptionTable.LevelTcp, 15),
            _ => (-1, -1),
        };
        return ownLevel >= 0;
    }
}
