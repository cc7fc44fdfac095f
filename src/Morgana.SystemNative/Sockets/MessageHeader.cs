namespace Morgana.SystemNative;

/// <summary>What sendmsg(2) and recvmsg(2) are called with: the layout of .NET's platform layer.</summary>
internal unsafe struct MessageHeader
{
    public byte* SocketAddress;
    public IoVector* IoVectors;
    public byte* ControlBuffer;
    public int SocketAddressLength;
    public int IoVectorCount;
    public int ControlBufferLength;
    public int Flags;
}
