using System.IO.Pipelines;

namespace Morgana.AspNetCore;

/// <summary>A connection's input, which stays open after Kestrel is done with it, so that the connection can be closed without a reset.</summary>
/// <remarks>
/// RFC 9112 9.6: a server that closes while octets of the client are unread makes its stack send a reset, and that may destroy the answer on
/// its way: "400 Bad Request" would not arrive. So the server ends its own direction first, and goes on reading for a while.
/// </remarks>
internal sealed class LingeringInput(PipeReader input) : PipeReader
{
    private const int MostOctets = 256 << 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public override bool TryRead(out ReadResult result) => input.TryRead(out result);

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => input.ReadAsync(cancellationToken);

    public override void AdvanceTo(SequencePosition consumed) => input.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => input.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => input.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        // Disposing of the connection completes it.
    }

    /// <summary>If octets are unread: ends <paramref name="output"/>, then reads until the client has ended its direction too, within limits.</summary>
    public async ValueTask LingerAsync(PipeWriter output)
    {
        try
        {
            // What was examined and not consumed is shown again to a read that is cancelled.
            input.CancelPendingRead();
            if (!input.TryRead(out var read) || read.Buffer.IsEmpty) return;
            output.Complete();
            await using var timer = new Timer(static state => ((PipeReader)state!).CancelPendingRead(), input, Patience, Timeout.InfiniteTimeSpan);
            long left = MostOctets;
            while (true)
            {
                left -= read.Buffer.Length;
                input.AdvanceTo(read.Buffer.End);       // Also the last: whatever stays unread makes the stack reset the connection.
                if (read.IsCompleted || left <= 0) return;
                read = await input.ReadAsync();
                if (read.IsCanceled) return;
            }
        }
        catch (IOException)
        {
            // The client has reset the connection: there is nothing to save.
        }
    }
}
