using System.Buffers;
using System.Formats.Tar;
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

/// <summary>Serves what stands in its books: a client says which, and gets it.</summary>
[Unikernel]
public sealed partial class Librarian(INetworkStack network, [Device("books")] IReadOnlyKeyValueStore books)
{
    [BootArgument]
    public ushort Port { get; init; } = 7000;

    /// <summary>Where it listens, once it does.</summary>
    public static readonly AsyncLocal<TaskCompletionSource<IpEndpoint>?> Listening = new();

    public async Task RunAsync(CancellationToken stop)
    {
        await using var listener = await network.ListenAsync(new(Ipv4Address.Any, Port), cancel: stop);
        Listening.Value?.SetResult(listener.LocalEndpoint);
        while (await listener.AcceptAsync(stop) is { } connection)
        {
            await using var _ = connection;
            string name = await GuestBook.ReadAsync(connection, stop);
            await connection.Output.WriteAsync(await books.GetAsync(name, stop) ?? "no such book"u8.ToArray(), stop);
            await connection.Output.CompleteAsync();
        }
    }
}

/// <summary>One unchanged source on every network stack and every store that there is.</summary>
public sealed class OneSourceTests : IDisposable
{
    private static readonly CancellationToken s_limit = new CancellationTokenSource(TimeSpan.FromMinutes(5)).Token;
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-store-").FullName;

    public static TheoryData<string, string> Writable => Combine("memory", "directory", "log");

    public static TheoryData<string, string> Readable => Combine("memory", "directory", "embedded", "tar", "log");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory, MemberData(nameof(Writable))]
    public async Task The_same_unikernel_writes(string stack, string store)
    {
        await using var network = new TestNetwork();
        await using var book = await OpenAsync(store);
        INetworkStack client = ClientOf(stack, network);
        await using var guests = await UnikernelTest.StartAsync<GuestBook>(g => Connect(g, stack, network).Bind(book, "book"));
        // The unikernel listens soon, and says where.
        string? port;
        while ((port = await book.GetTextAsync("port", s_limit)) is null) await Task.Delay(5, s_limit);
        var server = AddressOf(stack, ushort.Parse(port, System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal("Ada\n", await AskAsync(client, server, "Ada"));
        Assert.Equal("Ada\nGrace\n", await AskAsync(client, server, "Grace"));
        Assert.Equal(0, await guests.StopAsync().WaitAsync(s_limit));
    }

    [Theory, MemberData(nameof(Readable))]
    public async Task The_same_unikernel_reads(string stack, string store)
    {
        await using var network = new TestNetwork();
        await using var books = await OpenBooksAsync(store);
        var listening = Librarian.Listening.Value = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var librarian = await UnikernelTest.StartAsync<Librarian>(g => Connect(g, stack, network).Bind(books, "books"));
        var server = AddressOf(stack, (await listening.Task.WaitAsync(s_limit)).Port);
        INetworkStack client = ClientOf(stack, network);
        Assert.Equal("Call me Ishmael.", await AskAsync(client, server, "novels/moby-dick"));
        Assert.Equal("no such book", await AskAsync(client, server, "novels/emma"));
    }

    private static TheoryData<string, string> Combine(params string[] stores)
    {
        var data = new TheoryData<string, string>();
        foreach (string stack in new[] { "direct", "host sockets", "virtual" })
            foreach (string store in stores) data.Add(stack, store);
        return data;
    }

    private async Task<IReadOnlyKeyValueStore> OpenBooksAsync(string store)
    {
        byte[] book = "Call me Ishmael."u8.ToArray();
        if (store == "embedded") return new EmbeddedStore([new("novels/moby-dick", book)]);
        if (store == "tar")
        {
            var archive = new MemoryStream();
            using (var writer = new TarWriter(archive, leaveOpen: true)) writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "novels/moby-dick") { DataStream = new MemoryStream(book) });
            return await TarStore.OpenAsync(new MemoryBlockDevice(archive.ToArray()));
        }

        var made = await OpenAsync(store);
        await made.SetAsync("novels/moby-dick", book);
        return made;
    }

    private async Task<IKeyValueStore> OpenAsync(string store) => store switch
    {
        "memory" => new MemoryKeyValueStore(),
        "log" => await LogStore.OpenAsync(new MemoryBlockDevice(2048)),
        _ => DirectoryStore.Open(_folder),
    };

    private static Bindings Connect(Bindings g, string stack, TestNetwork network) => stack switch
    {
        // Our own provider makes the stack, on a device of the test's.
        "direct" => g.Bind(new TestPort(network)).Pass("--ipv4=10.0.0.2/24"),
        "virtual" => g.Bind(network.AddHost("10.0.0.2")),
        _ => g.Bind(HostSocketParts.HostSockets()).Pass("--port=0"),
    };

    private static INetworkStack ClientOf(string stack, TestNetwork network) => stack == "host sockets" ? new HostNetworkStack() : network.AddHost("10.0.0.1");

    private static IpEndpoint AddressOf(string stack, ushort port) => new(stack == "host sockets" ? Ipv4Address.Loopback : Ipv4Address.Parse("10.0.0.2"), port);

    private static async Task<string> AskAsync(INetworkStack client, IpEndpoint server, string text)
    {
        await using var connection = await client.ConnectAsync(server, cancel: s_limit);
        await connection.Output.WriteAsync(Encoding.UTF8.GetBytes(text), s_limit);
        await connection.Output.CompleteAsync();
        return await GuestBook.ReadAsync(connection, s_limit);
    }

    /// <summary>A cable of the test network, for the provider that opens it.</summary>
    private sealed class TestPort(TestNetwork network) : INetworkPort
    {
        public bool IsBehindGateway => false;

        public (INetworkDevice Device, BufferPool Pool) Open(int poolSize)
        {
            var pool = new BufferPool(MemoryRegion.Native(poolSize));
            return (network.OpenDevice(pool), pool);
        }
    }
}
