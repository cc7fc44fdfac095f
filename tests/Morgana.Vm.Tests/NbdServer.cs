using System.Buffers.Binary;
using System.Net.Sockets;

namespace Morgana.Vm.Tests;

/// <summary>A disk on a unix socket (the NBD protocol, https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md) whose power can be cut: what was not flushed is lost then.</summary>
internal sealed class NbdServer : IAsyncDisposable
{
    private const ulong Magic = 0x4e42444d41474943, OptionMagic = 0x49484156454f5054, OptionReplyMagic = 0x3e889045565a9;
    private const uint RequestMagic = 0x25609513, ReplyMagic = 0x67446698, Acknowledged = 1, Information = 3, NotSupported = 0x80000001;
    private const uint Abort = 2, Info = 6, Go = 7;
    private const ushort Read = 0, Write = 1, Disconnect = 2, Flush = 3, Trim = 4, WriteZeroes = 6;
    private const ushort HasFlags = 1, SendFlush = 4, SendTrim = 32, SendZeroes = 64;

    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly byte[] _content;
    private readonly Task _serving;

    /// <param name="path">Where the socket is made.</param>
    /// <param name="flushed">What the disk holds: it keeps what is flushed, and in the end what a power cut leaves.</param>
    /// <param name="isCut">Told the flushes, and the writes since the last one: whether the power fails before the next write is done.</param>
    public NbdServer(string path, byte[] flushed, Func<int, int, bool> isCut)
    {
        Flushed = flushed;
        _content = [.. flushed];
        IsCut = isCut;
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen();
        _serving = ServeAsync();
    }

    public byte[] Flushed { get; }

    public int Flushes { get; private set; }

    /// <summary>Writes since the last flush, in the order in which they came.</summary>
    public List<(int Offset, int Length)> Unflushed { get; } = [];

    private Func<int, int, bool> IsCut { get; }

    /// <summary>The power fails: of what was not flushed, every second write is lost.</summary>
    /// <returns>How many were.</returns>
    public int LosePower()
    {
        for (int i = 0; i < Unflushed.Count; i += 2) _content.AsSpan(Unflushed[i].Offset, Unflushed[i].Length).CopyTo(Flushed.AsSpan(Unflushed[i].Offset));
        return Unflushed.Count / 2;
    }

    /// <summary>Ends it, once its client has gone; what went wrong in it fails the test.</summary>
    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        try
        {
            await _serving;
        }
        catch (SocketException)
        {
            // Nobody came.
        }
    }

    private async Task ServeAsync()
    {
        using var client = await _listener.AcceptAsync();
        await using var stream = new NetworkStream(client);
        if (await NegotiateAsync(stream)) await TransmitAsync(stream);
    }

    // "Fixed newstyle negotiation": options until the client says go.
    private async Task<bool> NegotiateAsync(NetworkStream stream)
    {
        byte[] greeting = new byte[18];
        BinaryPrimitives.WriteUInt64BigEndian(greeting, Magic);
        BinaryPrimitives.WriteUInt64BigEndian(greeting.AsSpan(8), OptionMagic);
        BinaryPrimitives.WriteUInt16BigEndian(greeting.AsSpan(16), 3);
        await stream.WriteAsync(greeting);
        await stream.ReadExactlyAsync(new byte[4]);
        while (true)
        {
            byte[] head = new byte[16];
            await stream.ReadExactlyAsync(head);
            Assert.Equal(OptionMagic, BinaryPrimitives.ReadUInt64BigEndian(head));
            uint option = BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(8));
            await stream.ReadExactlyAsync(new byte[BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(12))]);
            if (option is Go or Info)
            {
                byte[] export = new byte[12];
                BinaryPrimitives.WriteUInt64BigEndian(export.AsSpan(2), (ulong)_content.Length);
                BinaryPrimitives.WriteUInt16BigEndian(export.AsSpan(10), HasFlags | SendFlush | SendTrim | SendZeroes);
                await ReplyAsync(stream, option, Information, export);
            }

            await ReplyAsync(stream, option, option is Go or Info or Abort ? Acknowledged : NotSupported, []);
            if (option is Go or Abort) return option == Go;
        }
    }

    private static async Task ReplyAsync(NetworkStream stream, uint option, uint type, byte[] data)
    {
        byte[] reply = new byte[20 + data.Length];
        BinaryPrimitives.WriteUInt64BigEndian(reply, OptionReplyMagic);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(8), option);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(12), type);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(16), (uint)data.Length);
        data.CopyTo(reply, 20);
        await stream.WriteAsync(reply);
    }

    private async Task TransmitAsync(NetworkStream stream)
    {
        byte[] head = new byte[28];
        while (await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false) == head.Length)
        {
            Assert.Equal(RequestMagic, BinaryPrimitives.ReadUInt32BigEndian(head));
            ushort type = BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(6));
            int offset = (int)BinaryPrimitives.ReadUInt64BigEndian(head.AsSpan(16)), length = (int)BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(24));
            byte[] reply = new byte[16 + (type == Read ? length : 0)];
            if (type == Disconnect) return;
            if (type == Write && IsCut(Flushes, Unflushed.Count)) return;       // The lights go out: no answer, to this or anything.
            if (type == Read) _content.AsSpan(offset, length).CopyTo(reply.AsSpan(16));
            else if (type == Write) await stream.ReadExactlyAsync(_content.AsMemory(offset, length));
            else if (type == WriteZeroes) _content.AsSpan(offset, length).Clear();
            else if (type == Flush) MakeDurable();
            else Assert.Equal(Trim, type);
            if (type is Write or WriteZeroes) Unflushed.Add((offset, length));
            BinaryPrimitives.WriteUInt32BigEndian(reply, ReplyMagic);
            head.AsSpan(8, 8).CopyTo(reply.AsSpan(8));
            await stream.WriteAsync(reply);
        }
    }

    private void MakeDurable()
    {
        _content.CopyTo(Flushed, 0);
        Unflushed.Clear();
        Flushes++;
    }
}
