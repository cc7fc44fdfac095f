namespace Morgana.Wire.Tcp;

/// <summary>The control bits of a TCP header (RFC 9293 3.1).</summary>
[Flags]
public enum TcpFlags : byte
{
    /// <summary>No bit set.</summary>
    None = 0,
    /// <summary>No more data from the sender.</summary>
    Fin = 0x01,
    /// <summary>Synchronise sequence numbers.</summary>
    Syn = 0x02,
    /// <summary>Reset the connection.</summary>
    Rst = 0x04,
    /// <summary>Push function.</summary>
    Psh = 0x08,
    /// <summary>The acknowledgement field is significant.</summary>
    Ack = 0x10,
    /// <summary>The urgent pointer field is significant.</summary>
    Urg = 0x20,
    /// <summary>ECN echo (RFC 3168).</summary>
    Ece = 0x40,
    /// <summary>Congestion window reduced (RFC 3168).</summary>
    Cwr = 0x80,
}
