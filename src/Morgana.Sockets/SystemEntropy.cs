namespace Morgana.Sockets;

/// <summary>Random octets from the system, without OpenSSL, which most images do not contain.</summary>
public static class SystemEntropy
{
    /// <summary>Fills <paramref name="bytes"/> with what no peer can guess.</summary>
    /// <remarks>
    /// A version 4 GUID is drawn from the system's cryptographic source (getrandom or /dev/urandom on Unix). Its octets 7 and 8 hold
    /// version and variant, so they are left out.
    /// </remarks>
    public static void Fill(Span<byte> bytes)
    {
        Span<byte> guid = stackalloc byte[16];
        while (!bytes.IsEmpty)
        {
            Guid.NewGuid().TryWriteBytes(guid);
            guid[14..].CopyTo(guid[7..]);
            int n = Math.Min(14, bytes.Length);
            guid[..n].CopyTo(bytes);
            bytes = bytes[n..];
        }
    }

    /// <summary>Sixteen random bits.</summary>
    public static ushort NextUInt16()
    {
        Span<byte> bytes = stackalloc byte[2];
        Fill(bytes);
        return BitConverter.ToUInt16(bytes);
    }

    /// <summary>Thirty-two octets for a stack's secret.</summary>
    public static byte[] NewSecret()
    {
        var secret = new byte[32];
        Fill(secret);
        return secret;
    }
}
