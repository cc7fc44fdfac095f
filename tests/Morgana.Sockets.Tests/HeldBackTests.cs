namespace Morgana.Sockets.Tests;

/// <summary>A reader that looks at all there is and takes nothing until it is whole, as a parser of lines does.</summary>
public sealed class HeldBackTests
{
    [Fact]
    public async Task A_message_that_comes_octet_by_octet_is_seen_whole_however_long_nothing_is_consumed()
    {
        await using var hosts = new TwoHosts();
        var (client, server) = await hosts.ConnectAsync(new() { SendBuffer = 32 * 1024, ReceiveBuffer = 32 * 1024 });
        for (int length = 1; length <= 2000; length++)
        {
            await client.Output.WriteAsync(new byte[1]);
            var result = await server.Input.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));
            Assert.Equal(length, result.Buffer.Length);
            server.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }

        await client.DisposeAsync();
        await server.DisposeAsync();
    }
}
