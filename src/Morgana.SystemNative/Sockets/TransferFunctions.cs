using System.Buffers;
using System.Runtime.InteropServices;
using Morgana.Core;
using static Morgana.SystemNative.OwnSocket;

namespace Morgana.SystemNative;

/// <summary>What sockets send and receive.</summary>
internal static unsafe class TransferFunctions
{
    private const MessageFlags KnownFlags = MessageFlags.OutOfBand | MessageFlags.Peek | MessageFlags.DontRoute | MessageFlags.Truncated
        | MessageFlags.ControlTruncated | MessageFlags.DontWait | MessageFlags.ErrorQueue;

    private const int MostVectors = 1024;       // UIO_MAXIOV
    private const int FileChunk = 64 << 10;

    public static Error Receive(nint socket, byte* buffer, int length, int flags, int* received)
    {
        if (buffer is null || length < 0 || received is null) return Error.EFAULT;
        *received = 0;
        if (((MessageFlags)flags & ~KnownFlags) != 0) return Error.ENOTSUP;
        var error = SocketFunctions.Find(socket, out var found);
        if (error != Error.Success) return error;
        if (((MessageFlags)flags & MessageFlags.ErrorQueue) != 0) return Error.EAGAIN;
        var message = Message.ToReceive(new(buffer, length));
        error = found!.Receive(ref message, (MessageFlags)flags);
        *received = message.Count;
        return error;
    }

    public static Error ReceiveMessage(nint socket, MessageHeader* header, int flags, long* received)
    {
        if (header is null || received is null || header->SocketAddressLength < 0 || header->ControlBufferLength < 0 || header->IoVectorCount < 0) return Error.EFAULT;
        *received = 0;
        if (((MessageFlags)flags & ~KnownFlags) != 0) return Error.ENOTSUP;
        var error = SocketFunctions.Find(socket, out var found);
        if (error != Error.Success) return error;
        if (((MessageFlags)flags & MessageFlags.ErrorQueue) != 0) return Error.EAGAIN;
        if (header->IoVectorCount > MostVectors) return Error.EMSGSIZE;
        var message = Message.Of(new(header->IoVectors, header->IoVectorCount));
        error = found!.Receive(ref message, (MessageFlags)flags);
        if (error != Error.Success) return error;
        *received = message.Count;
        header->SocketAddressLength = header->SocketAddress is null
            ? 0
            : Math.Min(header->SocketAddressLength, message.WriteFrom(new(header->SocketAddress, header->SocketAddressLength)));
        var told = message.IsTruncated ? MessageFlags.Truncated : MessageFlags.None;
        header->ControlBufferLength = WriteControl(found, message, new(header->ControlBuffer, header->ControlBufferLength), ref told);
        header->Flags = (int)told;
        return Error.Success;
    }

    // recvmsg(2), MSG_ERRQUEUE, of which .NET wants to know who sent the error.
    public static Error ReceiveSocketError(nint socket, MessageHeader* header)
    {
        if (header is null) return Error.EFAULT;
        var error = SocketFunctions.Find(socket, out var found);
        if (error != Error.Success) return error;
        if (!found!.TryTakeError(out var from))
        {
            header->SocketAddressLength = 0;
            return Error.EAGAIN;
        }

        header->SocketAddressLength = header->SocketAddress is null
            ? 0
            : Math.Min(header->SocketAddressLength, SocketAddress.Write(from, new(header->SocketAddress, header->SocketAddressLength)));
        return Error.Success;
    }

    public static Error Send(nint socket, byte* buffer, int length, int flags, int* sent)
    {
        if (buffer is null || length < 0 || sent is null) return Error.EFAULT;
        *sent = 0;
        if (((MessageFlags)flags & ~KnownFlags) != 0) return Error.ENOTSUP;
        var error = SocketFunctions.Find(socket, out var found);
        return error != Error.Success ? error : found!.Send(Message.ToSend(new(buffer, length)), (MessageFlags)flags, out *sent);
    }

    public static Error SendMessage(nint socket, MessageHeader* header, int flags, long* sent)
    {
        if (header is null || sent is null || header->SocketAddressLength < 0 || header->ControlBufferLength < 0 || header->IoVectorCount < 0) return Error.EFAULT;
        *sent = 0;
        if (((MessageFlags)flags & ~KnownFlags) != 0) return Error.ENOTSUP;
        var error = SocketFunctions.Find(socket, out var found);
        if (error != Error.Success) return error;
        if (header->IoVectorCount > MostVectors) return Error.EMSGSIZE;
        var message = Message.Of(new(header->IoVectors, header->IoVectorCount));
        if (header->SocketAddress is not null && header->SocketAddressLength > 0)
        {
            error = found!.ReadDestination(new(header->SocketAddress, header->SocketAddressLength), ref message);
            if (error != Error.Success) return error;
        }

        error = found!.Send(message, (MessageFlags)flags, out int count);
        *sent = count;
        return error;
    }

    // sendfile(2): what the file has from the offset on, as far as the socket takes it.
    public static Error SendFile(nint socket, nint file, long offset, long count, long* sent)
    {
        *sent = 0;
        var error = SocketFunctions.Find(socket, out var found);
        if (error != Error.Success) return error;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(FileChunk);
        try
        {
            while (count > 0)
            {
                error = ReadFile(file, buffer.AsSpan(0, (int)Math.Min(count, FileChunk)), offset, out int read);
                if (error != Error.Success || read == 0) break;
                error = found!.Send(Message.ToSend(buffer.AsSpan(0, read)), MessageFlags.None, out int taken);
                *sent += taken;
                offset += taken;
                count -= taken;
                if (error != Error.Success || taken < read) break;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return *sent > 0 ? Error.Success : error;
    }

    private static Error ReadFile(nint file, Span<byte> buffer, long offset, out int read)
    {
        read = 0;
        if (Descriptors.IsOurs(file)) return Descriptors.TryGet(file, out var ours) ? ours.ReadAt(buffer, offset, out read) : Error.EBADF;
        fixed (byte* start = buffer) read = Real.PRead(file, start, buffer.Length, offset);
        if (read >= 0) return Error.Success;
        int number = Marshal.GetLastSystemError();
        read = 0;
        foreach (var error in Enum.GetValues<Error>())
            if (error.ToErrno() == number) return error;
        return Error.EIO;
    }

    // ip(7), IP_PKTINFO: where the datagram was sent to. A cmsghdr of 16 octets before an in_pktinfo of 12.
    private static int WriteControl(OwnSocket socket, in Message message, Span<byte> control, ref MessageFlags told)
    {
        const int header = 16, length = header + 12, space = 32;
        if (!socket.Options.PacketInformation || message.Destination is not { } to) return 0;
        if (control.Length < length)
        {
            told |= MessageFlags.ControlTruncated;
            return 0;
        }

        control = control[..Math.Min(space, control.Length)];
        control.Clear();
        long size = length;
        int type = 8, index = message.Link >= 0 ? HostInterfaces.FirstIndex + message.Link : to.Address.IsLoopback || to.Address.IsMulticast ? HostInterfaces.LoopbackIndex : HostInterfaces.FirstIndex;
        MemoryMarshal.Write(control, in size);
        MemoryMarshal.Write(control[12..], in type);
        MemoryMarshal.Write(control[header..], in index);
        to.Address.Ipv4.WriteTo(control[(header + 4)..]);
        to.Address.Ipv4.WriteTo(control[(header + 8)..]);
        return control.Length;
    }
}
