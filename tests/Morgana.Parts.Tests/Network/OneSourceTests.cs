using System.Buffers;
using System.Text;
using Morgana.Composition;
using Morgana.Core;
using Morgana.Devices;
using Morgana.Hosting;
using Morgana.HostSockets;
using Morgana.Sockets;
using Morgana.Storage;
using Morgana.Testing;

namespace Morgana.Parts.Tests;

/// <summary>Keeps a line for each connection, and answers with all of them.</summary>
[Unikernel]
public sealed partial class GuestBook(INetworkStack network, [Device("book")] IKeyValueStore book)
{
    [BootArgument]
    public ushort Port { get; init; } = 7000;

    public async Task RunAsync(CancellationToken stop)
    {
        await using var listener = await network.ListenAsync(new(Ipv4Address.Any, Port), cancel: stop);
        await book.SetTextAsync("port", listener.LocalEndpoint.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), stop);
        for (int i = 0; await listener.AcceptAsync(stop) is { } connection; i++)
        {
            await using var _ = connection;
            string line = await ReadAsync(connection, stop);
            await book.SetTextAsync($"lines/{i:d4}", line, stop);
            var answer = new StringBuilder();
            foreach (var entry in await book.ListAsync("lines", stop)) answer.Append(await book.GetTextAsync($"lines/{entry.Name}", stop)).Append('\n');
            await connection.Output.WriteAsync(Encoding.UTF8.GetBytes(answer.ToString()), stop);
            await connection.Output.CompleteAsync();
        }
    }

    internal static async Task<string> ReadAsync(TcpConnection connection, CancellationToken stop)
    {
        while (true)
        {
            var read = await connection.Input.ReadAsync(stop);
            if (read.IsCompleted)
            {
                string text = Encoding.UTF8.GetString(read.Buffer.ToArray());
                connection.Input.AdvanceTo(read.Buffer.End);
                return text;
            }

            connection.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}

/// <summary>One unchanged source on every network stack and every store that there is.</summary>
public class OneSourceTests
{
    private static readonly CancellationToken s_limit = new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    public static TheoryData<string, string> Combinations
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string stack in new[] { "direct", "host sockets", "virtual" })
                foreach (string store in Stores.Writable) data.Add(stack, store);
            return data;
        }
    }

    [Theory, MemberData(nameof(Combinations))]
    public async Task The_same_unikernel_serves(string stack, string store)
    {
        await using var network = new TestNetwork();
        await using var book = Stores.Open(store);
        INetworkStack client = stack == "host sockets" ? new HostNetworkStack() : network.AddHost("10.0.0.1");
        await using var guests = await UnikernelTest.StartAsync<GuestBook>(g =>
        {
            g.Bind(book, "book");
            switch (stack)
            {
                case "direct":
                    // Our own provider makes the stack, on a device of the test's.
                    g.Bind(new TestPort(network)).Pass("--ipv4=10.0.0.2/24");
                    break;
                case "virtual":
                    g.Bind(network.AddHost("10.0.0.2"));
                    break;
                default:
                    g.Bind(HostSocketParts.HostSockets()).Pass("--port=0");
                    break;
            }
        });
        var address = stack == "host sockets" ? Ipv4Address.Loopback : Ipv4Address.Parse("10.0.0.2");
        Assert.Equal("Ada\n", await SignAsync(client, address, book, "Ada"));
        Assert.Equal("Ada\nGrace\n", await SignAsync(client, address, book, "Grace"));
        Assert.Equal(0, await guests.StopAsync().WaitAsync(s_limit));
    }

    private static async Task<string> SignAsync(INetworkStack client, Ipv4Address address, IKeyValueStore book, string name)
    {
        // The unikernel listens soon, and says where.
        string? port;
        while ((port = await book.GetTextAsync("port", s_limit)) is null) await Task.Delay(5, s_limit);
        await using var connection = await client.ConnectAsync(new(address, ushort.Parse(port, System.Globalization.CultureInfo.InvariantCulture)), cancel: s_limit);
        await connection.Output.WriteAsync(Encoding.UTF8.GetBytes(name), s_limit);
        await connection.Output.CompleteAsync();
        return await GuestBook.ReadAsync(connection, s_limit);
    }

    /// <summary>A cable of the test network, for the provider that opens it.</summary>
    private sealed class TestPort(TestNetwork network) : INetworkPort
    {
        public bool IsBehindGateway => false;

        public INetworkDevice Open(BufferPool pool) => network.OpenDevice(pool);
    }
}

/// <summary>The stores that programs write to.</summary>
internal static class Stores
{
    public static readonly string[] Writable = ["memory"];

    public static IKeyValueStore Open(string name) => name switch
    {
        "memory" => new MemoryKeyValueStore(),
        _ => throw new ArgumentException(name),
    };
}
