using System.Buffers.Binary;
using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Morgana.SystemNative;

/// <summary>tcp(7), <c>TCP_INFO</c>: what our stack knows of what linux/tcp.h's <c>struct tcp_info</c> asks; the rest is zero, as in an older kernel.</summary>
internal static class TcpInformation
{
    /// <summary>Up to <c>tcpi_total_retrans</c>, where the first Linux that had it ended.</summary>
    public const int Size = 104;

    /// <summary>Linux's number for a state (net/tcp_states.h).</summary>
    public static byte Number(TcpState state) => state switch
    {
        TcpState.Established => 1,
        TcpState.SynSent => 2,
        TcpState.SynReceived => 3,
        TcpState.FinWait1 => 4,
        TcpState.FinWait2 => 5,
        TcpState.TimeWait => 6,
        TcpState.CloseWait => 8,
        TcpState.LastAck => 9,
        TcpState.Listen => 10,
        TcpState.Closing => 11,
        _ => 7,
    };

    /// <param name="information">Is filled in; <see cref="Size"/> octets.</param>
    /// <param name="state">Of the socket.</param>
    /// <param name="tcb">Its connection, if there is one.</param>
    public static void Write(Span<byte> information, TcpState state, TcpControlBlock? tcb)
    {
        information.Clear();
        // In TIME_WAIT Linux has taken the connection away from its socket.
        information[0] = Number(state == TcpState.TimeWait ? TcpState.Closed : state);
        if (tcb is null) return;
        Put(information, 16, tcb.SegmentSize);
        Put(information, 24, (tcb.SendQueueLength + tcb.SegmentSize - 1) / tcb.SegmentSize);      // tcpi_unacked, in segments
        Put(information, 68, (int)tcb.RoundTripTime.TotalMicroseconds);
        Put(information, 80, Math.Max(1, tcb.CongestionWindow / tcb.SegmentSize));
        Put(information, 84, tcb.SegmentSize);
    }

    private static void Put(Span<byte> information, int offset, int value) => BinaryPrimitives.WriteInt32LittleEndian(information[offset..], value);
}
