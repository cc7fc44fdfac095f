using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Morgana.Core;

namespace Morgana.Integration.Tests;

/// <summary>Our stack against the Linux kernel's, over a tap, with the programs people use.</summary>
public sealed class LinuxTests
{
    private static readonly string Url = $"http://{LinuxPeer.OurAddress}/";

    [RootFact("ping")]
    public async Task Ping_is_answered_at_every_size_up_to_the_largest()
    {
        await using var peer = await LinuxPeer.StartAsync();
        foreach (string size in new[] { "0", "56", "1472", "1473", "9000", "65507" })
        {
            string output = await peer.InAsync("ping", "-n", "-c", "3", "-i", "0.01", "-W", "5", "-s", size, LinuxPeer.OurAddress.ToString());
            Assert.Contains("3 received", output, StringComparison.Ordinal);
        }
    }

    [RootFact]
    public async Task We_ping_Linux()
    {
        await using var peer = await LinuxPeer.StartAsync();
        Assert.True((await peer.Loop.PingAsync(LinuxPeer.LinuxAddress, TimeSpan.FromSeconds(60))).Received);
        Assert.True((await peer.Loop.PingAsync(LinuxPeer.LinuxAddress, TimeSpan.FromSeconds(60), 8000)).Received);
    }

    [RootFact("curl", "wget")]
    public async Task Curl_and_wget_fetch_a_page()
    {
        await using var peer = await LinuxPeer.StartAsync();
        await using var listener = await Services.ServeHttpAsync(peer.Loop, 80, _ => (200, "hello from our stack"u8.ToArray()));
        Assert.Contains("hello from our stack", await peer.InAsync("curl", "-sS", "--max-time", "10", Url), StringComparison.Ordinal);
        Assert.Contains("hello from our stack", await peer.InAsync("wget", "-q", "-T", "10", "-O", "-", Url), StringComparison.Ordinal);
    }

    [RootFact("curl", "sha256sum")]
    public async Task A_hundred_megabytes_go_down_and_up_unchanged()
    {
        await using var peer = await LinuxPeer.StartAsync();
        byte[] content = RandomNumberGenerator.GetBytes(100_000_000);
        await using var down = await Services.ServeHttpAsync(peer.Loop, 80, _ => (200, content));
        string file = Path.GetTempFileName();
        try
        {
            await peer.InAsync("curl", "-sS", "--max-time", "60", "-o", file, Url);
            Assert.Equal(Convert.ToHexString(SHA256.HashData(content)), Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(file))));
            await AssertUploadArrivesAsync(peer, file, content);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [RootFact("curl")]
    public async Task Ten_thousand_connections_in_a_row_leave_nothing_behind()
    {
        await using var peer = await LinuxPeer.StartAsync();
        await using var listener = await Services.ServeHttpAsync(peer.Loop, 80, _ => (200, "x"u8.ToArray()));
        // curl's URL globbing: one process, a connection for each, since our answer ends it.
        const int total = 10_000, batch = 2_500;
        for (int i = 0; i < total; i += batch)
        {
            string output = await peer.InAsync("curl", "-sS", "--max-time", "100", "-o", "/dev/null", "-w", "%{http_code}\\n", $"{Url}[1-{batch}]");
            Assert.Equal(batch, output.Split('\n').Count(l => l.StartsWith("200", StringComparison.Ordinal)));
        }

        await Transfers.AssertNothingLeftAsync(peer);
    }

    [RootFact("wrk")]
    public async Task A_thousand_connections_at_once_are_all_served()
    {
        await using var peer = await LinuxPeer.StartAsync();
        await using var listener = await Services.ServeHttpAsync(peer.Loop, 80, _ => (200, "x"u8.ToArray()));
        string output = await peer.InAsync("wrk", "-t1", "-c1000", "-d3s", "--timeout", "10s", Url);
        Assert.DoesNotContain("Non-2xx", output, StringComparison.Ordinal);
        Assert.Contains("requests in", output, StringComparison.Ordinal);
        Assert.DoesNotContain(" 0 requests in", output, StringComparison.Ordinal);
    }

    [RootFact("nmap")]
    public async Task Nmap_finds_the_open_port_and_only_it()
    {
        await using var peer = await LinuxPeer.StartAsync();
        await using var listener = await Services.ServeHttpAsync(peer.Loop, 80, _ => (200, []));
        string output = await peer.InAsync("nmap", "-n", "-Pn", "-sS", "-p", "1-1000", "--max-retries", "2", LinuxPeer.OurAddress.ToString());
        Assert.Contains("80/tcp open", output, StringComparison.Ordinal);
        Assert.Contains("999 closed", output, StringComparison.Ordinal);
        // Scans that send what no stack should: FIN, NULL and Xmas, and probes with odd options.
        foreach (string scan in new[] { "-sF", "-sN", "-sX", "-sA", "-O" })
            await peer.TryInAsync("nmap", "-n", "-Pn", scan, "-p", "78-82", "--max-retries", "1", LinuxPeer.OurAddress.ToString());
        Assert.True((await peer.Loop.PingAsync(LinuxPeer.LinuxAddress, TimeSpan.FromSeconds(60))).Received);
        await Transfers.AssertNothingLeftAsync(peer);
    }

    [RootFact("curl")]
    public async Task A_slow_reader_closes_the_window_and_reopens_it()
    {
        await using var peer = await LinuxPeer.StartAsync();
        byte[] content = RandomNumberGenerator.GetBytes(3_000_000);
        await using var listener = await Services.ServeHttpAsync(peer.Loop, 80, _ => (200, content));
        string file = Path.GetTempFileName();
        await peer.InAsync("curl", "-sS", "--max-time", "60", "--limit-rate", "1500k", "-o", file, Url);
        byte[] arrived = await File.ReadAllBytesAsync(file);
        Assert.True(arrived.AsSpan().SequenceEqual(content));
        File.Delete(file);
    }

    [RootFact("curl")]
    public async Task A_connection_out_reaches_a_Linux_server()
    {
        await using var peer = await LinuxPeer.StartAsync();
        // Nobody listens: Linux refuses.
        await Assert.ThrowsAsync<System.Net.Sockets.SocketException>(
            () => peer.Loop.ConnectAsync(new(LinuxPeer.LinuxAddress, 81)).AsTask().WaitAsync(TimeSpan.FromSeconds(60)));
    }

    private static async Task AssertUploadArrivesAsync(LinuxPeer peer, string file, byte[] content)
    {
        var arrived = new TaskCompletionSource<(long Length, string Hash)>();
        await using var up = await Services.ServeAsync(peer.Loop, 81, async connection => arrived.TrySetResult(await Services.DrainAsync(connection)));
        await peer.InAsync("bash", "-c", $"exec 3<>/dev/tcp/{LinuxPeer.OurAddress}/81; cat '{file}' >&3; exec 3>&-");
        var (length, hash) = await arrived.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal((content.Length, Convert.ToHexString(SHA256.HashData(content))), ((int)length, hash));
    }
}
