using System.Text;
using Morgana.Composition;
using Morgana.Core;
using Morgana.Devices;
using Morgana.Sockets;
using Morgana.Storage;
using Morgana.Testing;
using Samples;

namespace Morgana.Parts.Tests;

/// <summary>Every sample, as a whole unikernel in memory.</summary>
public class SampleTests
{
    private static readonly CancellationToken s_limit = new CancellationTokenSource(TimeSpan.FromMinutes(5)).Token;

    [Fact]
    public async Task The_lottery_counts_its_boots_on_the_disk()
    {
        await using var disk = new MemoryBlockDevice(8);
        var console = new ScriptedConsole();
        for (int boot = 0; boot < 3; boot++)
        {
            await using var lottery = await UnikernelTest.StartAsync<Lottery>(g => g.Bind(disk, "disk").Bind(console).Pass("--every=3"));
            await lottery.Completion.WaitAsync(s_limit);
        }

        Assert.Equal("Boot 1 does not win.\nBoot 2 does not win.\nBoot 3 wins.\n", console.Written);
    }

    [Fact]
    public async Task The_notebook_keeps_its_notes()
    {
        await using var store = new MemoryKeyValueStore();
        var console = new ScriptedConsole();
        foreach (string note in new[] { "milk", "bread" })
        {
            await using var notebook = await UnikernelTest.StartAsync<Notebook>(g => g.Bind(store, "notes").Bind(console).Pass("--add", note));
            await notebook.Completion.WaitAsync(s_limit);
        }

        string[] lines = console.Written.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["milk", "milk", "bread"], lines.Select(l => l[(l.IndexOf(": ", StringComparison.Ordinal) + 2)..]));
    }

    [Fact]
    public async Task The_parrot_says_what_it_hears()
    {
        var console = new ScriptedConsole("hello", "Polly");
        await using var parrot = await UnikernelTest.StartAsync<Parrot>(g => g.Bind(console).Pass("--loud"));
        Assert.Equal(0, await parrot.Completion.WaitAsync(s_limit));
        Assert.Equal("HELLO\nPOLLY\n", console.Written);
    }

    [Fact]
    public async Task Random_numbers_come_from_whoever_is_bound()
    {
        var console = new ScriptedConsole();
        await using var numbers = await UnikernelTest.StartAsync<RandomNumbers>(g => g.Bind(console).Bind(new CountingEntropy()).Pass("--lines=2"));
        await numbers.Completion.WaitAsync(s_limit);
        Assert.Equal("000102030405060708090a0b0c0d0e0f\n101112131415161718191a1b1c1d1e1f\n", console.Written);
    }

    [Fact]
    public async Task The_systems_random_numbers_differ()
    {
        var console = new ScriptedConsole();
        await using var numbers = await UnikernelTest.StartAsync<RandomNumbers>(g => g.Bind(console).Pass("--lines=100"));
        await numbers.Completion.WaitAsync(s_limit);
        Assert.Equal(100, console.Written.Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct().Count());
    }

    [Fact]
    public async Task A_page_is_fetched_from_another_host()
    {
        await using var network = new TestNetwork();
        var server = network.AddHost("10.0.0.2");
        await using var listener = await server.ListenAsync(new(Ipv4Address.Any, 80));
        var serving = ServeAsync(listener, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
        var console = new ScriptedConsole();
        await using var download = await UnikernelTest.StartAsync<Download>(g => g.Bind(network.AddHost("10.0.0.1")).Bind(console).Pass("--url=http://10.0.0.2/", "--limit=4m"));
        Assert.Equal(0, await download.Completion.WaitAsync(s_limit));
        Assert.Equal("200 OK\nhello\n", console.Written);
        await serving;
    }

    [Fact]
    public async Task Several_unikernels_talk_to_each_other_across_two_networks()
    {
        // A client outside, a relay on both networks, a server inside: three hosts that could not reach each other without it.
        await using var outside = new TestNetwork(seed: 7) { Link = new() { Loss = 0.02 } };
        await using var inside = new TestNetwork(seed: 8);
        var server = inside.AddHost("192.168.0.2");
        await using var listener = await server.ListenAsync(new(Ipv4Address.Any, 8080));
        var serving = ServeAsync(listener, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\ninside");
        await using var relay = await UnikernelTest.StartAsync<Relay>(g => g
            .Bind(outside.AddHost("10.0.0.1"), "outside").Bind(inside.AddHost("192.168.0.1"), "inside").Pass("--server=192.168.0.2:8080"));
        var console = new ScriptedConsole();
        await using var download = await UnikernelTest.StartAsync<Download>(g => g.Bind(outside.AddHost("10.0.0.9")).Bind(console).Pass("--url=http://10.0.0.1/", "--limit=4m"));
        Assert.Equal(0, await download.Completion.WaitAsync(s_limit));
        Assert.Equal("200 OK\ninside\n", console.Written);
        await serving;
    }

    [Theory]
    [InlineData("open sesame\n", "Come in.\n", "10.0.0.9 was let in\n")]
    [InlineData("open barley\n", "No.\n", "10.0.0.9 was turned away\n")]
    [InlineData("open sesame", "", "")]                     // No line's end: nothing was said.
    public async Task The_doorman_lets_in_who_knows_the_password(string said, string answer, string written)
    {
        await using var network = new TestNetwork();
        var console = new ScriptedConsole();
        var visitor = network.AddHost("10.0.0.9");
        await using var doorman = await UnikernelTest.StartAsync<Doorman>(g => g
            .Bind(network.AddHost("10.0.0.1")).Bind(console).Secret("password", "open sesame\n"u8.ToArray()).Pass("--patience=4m"));
        TcpConnection? connection = null;
        while (connection is null)
        {
            try
            {
                connection = await visitor.ConnectAsync(new(Ipv4Address.Parse("10.0.0.1"), 80), cancel: s_limit);
            }
            catch (System.Net.Sockets.SocketException)
            {
                await Task.Delay(5, s_limit);       // It does not listen yet.
            }
        }

        await using var _ = connection;
        await connection.Output.WriteAsync(Encoding.UTF8.GetBytes(said), s_limit);
        await connection.Output.CompleteAsync();
        Assert.Equal(answer, await GuestBook.ReadAsync(connection, s_limit));
        Assert.Equal(written, console.Written);
    }

    [Fact]
    public async Task A_sample_says_what_it_lacks()
    {
        await using var network = new TestNetwork();
        var e = await Assert.ThrowsAsync<BootException>(() => UnikernelTest.StartAsync<Download>(g => g.Bind(new ScriptedConsole()).Bind(network.AddHost("10.0.0.1"))));
        Assert.StartsWith("--url is needed", e.Message);
        e = await Assert.ThrowsAsync<BootException>(() => UnikernelTest.StartAsync<Lottery>(g => g.Bind(new ScriptedConsole())));
        Assert.Contains("block device 'disk'", e.Message);
    }

    private static async Task ServeAsync(TcpListener listener, string response)
    {
        var connection = await listener.AcceptAsync(s_limit);
        await using var _ = connection;
        var request = new List<byte>();
        while (!Encoding.ASCII.GetString(request.ToArray()).Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            var read = await connection!.Input.ReadAsync(s_limit);
            foreach (var piece in read.Buffer) request.AddRange(piece.Span);
            connection.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) break;
        }

        await connection!.Output.WriteAsync(Encoding.ASCII.GetBytes(response), s_limit);
        await connection.Output.CompleteAsync();
        while (!(await connection.Input.ReadAsync(s_limit)).IsCompleted)
        {
        }
    }
}
