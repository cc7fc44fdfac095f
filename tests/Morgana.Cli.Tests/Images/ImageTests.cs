using System.Net;
using System.Net.Sockets;
using System.Text;
using Morgana.Build;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>Samples, compiled ahead of time and run as a user runs them.</summary>
public class ImageTests
{
    private const int Interrupt = 2;
    private const uint Dynamic = 2, Interpreter = 3;

    [Fact]
    public async Task An_image_holds_what_its_project_names_and_nothing_else()
    {
        byte[] nothing = await Image.SymbolsAsync("samples/Noop"), echo = await Image.SymbolsAsync("samples/EchoServer");
        Assert.True(Has(echo, "Morgana_Protocols_Tcp_TcpStack") && Has(echo, "UdpSocket"), "The names are not where they are looked for.");
        Assert.False(Has(nothing, "Morgana"), "A program that names nothing of Morgana has something of it in its image.");
        Assert.False(Has(nothing, "Tcp") || Has(nothing, "System_Net"), "A program without a network has one in its image.");
        Assert.False(Has(echo, "Kestrel") || Has(echo, "AspNetCore") || Has(echo, "System_Net_Http"), "A program without a web server has one in its image.");
        Assert.False(Has(echo, "Morgana_Gateway"), "The gateway is the managed target's alone.");
    }

    [Fact]
    public async Task The_Websites_image_leaves_out_what_it_never_comes_to()
    {
        byte[] symbols = await Image.SymbolsAsync("unikernels/Website");
        Assert.True(Has(symbols, "Kestrel_Core_Internal_Http2_Http2Connection") && Has(symbols, "StaticSiteResponder"), "The names are not where they are looked for.");
        foreach (string absent in new[] { "Http3FrameWriter", "SocketAsyncEngine", "SslStream", "Brotli", "DeflateStream", "DfaMatcher", "ErrorPage__ExecuteAsync" })
            Assert.False(Has(symbols, absent), $"{absent} is in it.");
        // As a virtual machine, with the kernel, it is to be no larger than 10 MB.
        Assert.InRange(new FileInfo(await Image.OfAsync("unikernels/Website")).Length, 1_000_000, 9_300_000);
    }

    [Fact]
    public async Task An_image_is_static_and_needs_nothing_of_the_hosts_files()
    {
        string image = await Image.OfAsync("samples/EchoServer");
        Assert.Null(ElfFile.FindFault(image));
        Assert.DoesNotContain(SegmentTypes(await File.ReadAllBytesAsync(image)), t => t is Dynamic or Interpreter);
    }

    [Fact]
    public async Task EchoServer_gives_everything_back_over_both_TCP_and_UDP()
    {
        using var command = MorganaCommand.Start("run", await Image.OfAsync("samples/EchoServer"), "--publish", "0:7", "--publish", "0:7/udp");
        int tcp = await command.PortAsync(7), udp = await command.PortAsync(7, isUdp: true);
        await command.LineAsync("echoing TCP and UDP on port 7");

        byte[] sent = new byte[1 << 20];
        new Random(7).NextBytes(sent);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, tcp);
        var echo = new MemoryStream();
        Task reading = client.GetStream().CopyToAsync(echo);
        await client.GetStream().WriteAsync(sent);
        client.Client.Shutdown(SocketShutdown.Send);
        await reading.WaitAsync(TimeSpan.FromMinutes(2));       // It ends with the guest's own FIN.
        Assert.Equal(sent, echo.ToArray());

        foreach (int length in (int[])[0, 1, 1472, 9000])
            Assert.Equal(sent[..length], await AskAsync(new(IPAddress.Loopback, udp), sent[..length]));

        var all = ProcessTree.All(command.Id);
        command.SignalGroup(Interrupt);
        Assert.Equal((0, ""), await command.EndAsync() is var (status, _, error) ? (status, error) : default);
        Assert.DoesNotContain(all, p => p.IsAlive);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_guest_reaches_the_hosts_own_services_only_if_it_is_allowed_to(bool allowed)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        Task<bool> serving = AnswerOnceAsync(listener);

        string image = await Image.OfAsync("samples/Fetch");
        string[] allow = allowed ? ["--allow-host"] : [];
        var (status, output, error) = await MorganaCommand.RunAsync(["run", image, "--publish", "0:80", .. allow, "--", $"--url=http://10.0.2.2:{port}/", "--timeout=00:02:00"]);

        if (allowed) Assert.Equal((0, "of the host", ""), (status, output, error));
        else Assert.Equal((2, "", true), (status, output, error.Contains("refused", StringComparison.Ordinal)));
        listener.Stop();
        Assert.Equal(allowed, await serving);
    }

    [Fact]
    public async Task An_image_without_a_network_says_what_it_needs()
    {
        var (status, output, error) = await MorganaCommand.RunAsync("run", await Image.OfAsync("samples/EchoServer"), "--net", "none");
        Assert.Equal((64, ""), (status, output));
        Assert.Equal("echo-server: this image needs one network device, and the runner gave 0: run it with --net gateway or --net tap:NAME.\n", error);
    }

    [Fact]
    public async Task An_image_that_is_started_without_a_runner_says_how_to_run_it()
    {
        string image = await Image.OfAsync("samples/EchoServer");
        var (status, output, error) = await MorganaCommand.RunAsync(new CommandSettings { Program = image, Arguments = [], Environment = new Dictionary<string, string?> { ["MORGANA_DEVICES"] = null } });
        Assert.Equal((64, ""), (status, output));
        Assert.Contains("morgana run", error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd('\n').Split('\n'));
    }

    private static async Task<bool> AnswerOnceAsync(TcpListener listener)
    {
        try
        {
            using var client = await listener.AcceptTcpClientAsync();
            using var reader = new StreamReader(client.GetStream());
            while (await reader.ReadLineAsync() is { Length: > 0 })
            {
            }

            await client.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\nof the host"u8.ToArray());
            return true;
        }
        catch (SocketException)
        {
            return false;       // Nobody came until the listener was stopped.
        }
    }

    // A datagram may be lost, so it is asked for again until it comes.
    private static async Task<byte[]> AskAsync(IPEndPoint server, byte[] datagram)
    {
        for (int attempt = 1; ; attempt++)
        {
            using var client = new UdpClient(0, AddressFamily.InterNetwork);
            await client.SendAsync(datagram, server);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            try
            {
                return (await client.ReceiveAsync(patience.Token)).Buffer;
            }
            catch (OperationCanceledException) when (attempt < 12)
            {
            }
        }
    }

    private static bool Has(byte[] symbols, string name) => symbols.AsSpan().IndexOf(Encoding.ASCII.GetBytes(name)) >= 0;

    // System V ABI, "Program Header": where the headers are, how large and how many, and each one's p_type.
    private static IEnumerable<uint> SegmentTypes(byte[] elf)
    {
        int offset = (int)BitConverter.ToUInt64(elf, 32), size = BitConverter.ToUInt16(elf, 54), count = BitConverter.ToUInt16(elf, 56);
        Assert.True(count > 0);
        return Enumerable.Range(0, count).Select(i => BitConverter.ToUInt32(elf, offset + i * size));
    }
}
