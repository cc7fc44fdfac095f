namespace Morgana.Bench;

/// <summary>Moves the pattern over streams, and compares what arrives.</summary>
internal static class Streams
{
    private const int Turn = 4 << 20;

    /// <summary>Sends turns of 4 MB through, one after another, until the time is over.</summary>
    public static async Task<Sample> BulkAsync(Stream from, Stream to, TimeSpan duration)
    {
        byte[] buffer = new byte[Pattern.Length];
        long octets = 0;
        var meter = Meter.Start(CpuClock.Process);
        do
        {
            var sending = Task.Run(() => SendAsync(from));
            await ReceiveAsync(to, buffer).ConfigureAwait(false);
            await sending.ConfigureAwait(false);
            octets += Turn;
        }
        while (!meter.IsOver(duration));
        return meter.Stop().Bits(octets, octets / Reference.Segment, "1,460 octets");
    }

    /// <summary>64 octets there and back, one at a time; somebody echoes.</summary>
    public static async Task<Sample> PingPongAsync(Stream stream, TimeSpan duration)
    {
        byte[] message = Pattern.Bytes.AsSpan(0, 64).ToArray(), answer = new byte[64];
        long count = 0;
        var meter = Meter.Start(CpuClock.Process);
        do
        {
            await stream.WriteAsync(message).ConfigureAwait(false);
            await stream.ReadExactlyAsync(answer).ConfigureAwait(false);
            Pattern.Check(answer, 0);
            count++;
        }
        while (!meter.IsOver(duration));
        return meter.Stop().Operations(count, "round trip");
    }

    /// <summary>Sends back what comes, for as long as the other end lives.</summary>
    public static async Task EchoAsync(Stream stream)
    {
        byte[] buffer = new byte[4096];
        int count;
        while ((count = await stream.ReadAsync(buffer).ConfigureAwait(false)) > 0) await stream.WriteAsync(buffer.AsMemory(0, count)).ConfigureAwait(false);
    }

    private static async Task SendAsync(Stream to)
    {
        for (int sent = 0; sent < Turn; sent += Pattern.Length) await to.WriteAsync(Pattern.Bytes).ConfigureAwait(false);
        await to.FlushAsync().ConfigureAwait(false);
    }

    private static async Task ReceiveAsync(Stream from, byte[] buffer)
    {
        for (int received = 0; received < Turn;)
        {
            int count = await from.ReadAsync(buffer).ConfigureAwait(false);
            if (count == 0) throw new InvalidOperationException("The stream has ended.");
            Pattern.Check(buffer.AsSpan(0, count), received);
            received += count;
        }
    }
}
