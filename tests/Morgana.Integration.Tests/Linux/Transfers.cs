using System.Net.Sockets;
using System.Security.Cryptography;
using Morgana.Core;
using Morgana.Protocols.Tcp;
using Morgana.Sockets;

namespace Morgana.Integration.Tests;

/// <summary>Bulk data between a connection of ours and a socket of Linux's, compared by hash.</summary>
internal static class Transfers
{
    /// <summary>A limit no test should come near to; the machine may be busy.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    /// <summary>Both sides send all of their content at once, end their direction, and read the other's to its end.</summary>
    public static async Task ExchangeAsync(LinuxPeer peer, TcpConnection ours, Socket linux, byte[] content, string note)
    {
        string hash = Convert.ToHexString(SHA256.HashData(content));
        var sent = SendAsync(ours, content);
        var sentByLinux = SendAsync(linux, content);
        var received = Services.DrainAsync(ours);
        var receivedByLinux = DrainAsync(linux);
        var all = Task.WhenAll(sent, sentByLinux, received, receivedByLinux);
        if (await Task.WhenAny(all, peer.Loop.Completion, Task.Delay(Limit)) != all)
            Assert.Fail($"Not through after {Limit.TotalSeconds} s, or the loop has ended ({peer.Loop.Failure}): ours sent {sent.IsCompleted}, received {received.IsCompleted}; " +
                $"Linux sent {sentByLinux.IsCompleted}, received {receivedByLinux.IsCompleted} ({note})");
        await all;
        Assert.True((content.Length, hash) == await received, $"what Linux sent is not what came: {received.Result.Length} octets ({note})");
        Assert.True((content.Length, hash) == await receivedByLinux, $"what we sent is not what came: {receivedByLinux.Result.Length} octets ({note})");
    }

    public static async Task SendAsync(TcpConnection ours, byte[] content)
    {
        await Services.WriteAsync(ours, content);
        await ours.Output.CompleteAsync();
    }

    public static async Task SendAsync(Socket linux, byte[] content)
    {
        for (int at = 0; at < content.Length;) at += await linux.SendAsync(content.AsMemory(at));
        linux.Shutdown(SocketShutdown.Send);
    }

    public static async Task<(long Length, string Hash)> DrainAsync(Socket linux)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[64 * 1024];
        long length = 0;
        for (int n; (n = await linux.ReceiveAsync(buffer)) > 0; length += n) hash.AppendData(buffer, 0, n);
        return (length, Convert.ToHexString(hash.GetHashAndReset()));
    }

    /// <summary>A connection of ours to a server of Linux's, and the server's end of it.</summary>
    public static async Task<(TcpConnection Ours, Socket Linux)> ConnectOutAsync(LinuxPeer peer, TcpConnectOptions? options = null)
    {
        using var listener = peer.Linux.Listen();
        ushort port = (ushort)((System.Net.IPEndPoint)listener.LocalEndPoint!).Port;
        var accept = listener.AcceptAsync();
        var ours = await peer.Loop.ConnectAsync(new(LinuxPeer.LinuxAddress, port), options).AsTask().WaitAsync(Limit);
        return (ours, await accept.WaitAsync(Limit));
    }

    /// <summary>A connection of Linux's to a listener of ours, and our end of it.</summary>
    public static async Task<(TcpConnection Ours, Socket Linux)> ConnectInAsync(LinuxPeer peer, TcpConnectOptions? options = null)
    {
        await using var listener = await peer.Loop.ListenAsync(new(LinuxPeer.OurAddress, 0), new() { Connection = options ?? new() });
        var accept = listener.AcceptAsync();
        var linux = await peer.Linux.ConnectAsync(listener.LocalEndpoint.Port);
        return ((await accept.AsTask().WaitAsync(Limit))!, linux);
    }

    public static Task<(TcpConnection Ours, Socket Linux)> ConnectAsync(LinuxPeer peer, bool linuxIsServer, TcpConnectOptions? options = null) =>
        linuxIsServer ? ConnectOutAsync(peer, options) : ConnectInAsync(peer, options);

    /// <summary>No connection but TIME_WAIT, and no buffer in use, once what is on its way has come.</summary>
    public static async Task AssertNothingLeftAsync(LinuxPeer peer)
    {
        string left = "";
        var statistics = peer.Loop.Stack.Tcp.Statistics;
        for (var end = DateTime.UtcNow + TimeSpan.FromSeconds(60); DateTime.UtcNow < end;)
        {
            (int connections, int blocks, left) = await peer.Loop.CallAsync(_ => (
                statistics.Connections - statistics[TcpState.TimeWait], peer.Pool.InUse,
                string.Join(", ", Enum.GetValues<TcpState>().Where(s => statistics[s] > 0).Select(s => $"{s} {statistics[s]}"))));
            if (connections == 0 && blocks == 0) return;
            left += $"; {blocks} blocks";
            await Task.Delay(10);
        }

        Assert.Fail($"After 60 s there are left: {left}.");
    }
}
