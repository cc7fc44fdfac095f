using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;

namespace SocketCases;

/// <summary>States of a connection, by Linux's numbers.</summary>
internal enum TcpStep : byte
{
    Established = 1,
    FinWait1 = 4,
    Closed = 7,
    CloseWait = 8,
    LastAck = 9,
    Listen = 10,
    Closing = 11,
}

/// <summary>How far a connection has come, as tcp(7)'s <c>TCP_INFO</c> tells it: what has to be waited for is waited for there.</summary>
internal static class TcpProgress
{
    private const int Tcp = 6;
    private const int Information = 11;

    public static void WaitFor(Socket socket, TcpStep state) => WaitUntil(socket, (step, _) => step == state);

    /// <summary>Until the peer has answered what was sent, data or a FIN, be it with a reset.</summary>
    public static void WaitForAnswer(Socket socket)
    {
        if (socket.SocketType == SocketType.Stream && socket.ProtocolType == ProtocolType.Tcp)
            WaitUntil(socket, (step, unanswered) => step == TcpStep.Listen || (unanswered == 0 && step is not (TcpStep.FinWait1 or TcpStep.LastAck or TcpStep.Closing)));
    }

    private static void WaitUntil(Socket socket, Func<TcpStep, int, bool> isReached)
    {
        byte[] information = new byte[104];
        long begun = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                socket.GetRawSocketOption(Tcp, Information, information);
            }
            catch (ObjectDisposedException)
            {
                return;
            }

            if (isReached((TcpStep)information[0], BinaryPrimitives.ReadInt32LittleEndian(information.AsSpan(24)))) return;
            if (Stopwatch.GetElapsedTime(begun) > TimeSpan.FromSeconds(10)) throw new TimeoutException();
            Thread.Yield();
        }
    }
}
