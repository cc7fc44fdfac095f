using System.Buffers;

namespace Morgana.Sockets;

/// <summary>A connection as a <see cref="Stream"/>, for code that wants one: SslStream, HttpClient.</summary>
internal sealed class TcpConnectionStream(TcpConnection connection) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var result = await connection.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
        var available = result.Buffer;
        var taken = available.Slice(0, Math.Min(available.Length, buffer.Length));
        taken.CopyTo(buffer.Span);
        int count = (int)taken.Length;
        // A zero-octet read only waits: it has examined nothing that the next one would miss.
        connection.Input.AdvanceTo(taken.End);
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            // In pieces, so that a large write waits for room rather than for the whole of itself.
            var piece = buffer[..Math.Min(buffer.Length, 64 * 1024)];
            connection.Output.Write(piece.Span);
            buffer = buffer[piece.Length..];
            var result = await connection.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
            if (result.IsCompleted) throw new IOException("The connection is closed.");
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override ValueTask DisposeAsync() => connection.DisposeAsync();

    protected override void Dispose(bool disposing)
    {
        // Closing never waits: the loop does it.
        if (disposing) _ = connection.DisposeAsync().AsTask();
        base.Dispose(disposing);
    }
}
