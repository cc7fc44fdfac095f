using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;

namespace HttpCases;

/// <summary>SignalR's client with its server.</summary>
internal sealed class ChatCases(string host, string port)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    public IEnumerable<Case> All =>
    [
        new("a call of the hub", () => WithAsync(c => c.InvokeAsync<string>("Upper", "hello, världen"))),
        new("one that fails", () => WithAsync(FailAsync)),
        new("a hundred at once", () => WithAsync(ManyAsync)),
        new("a megabyte there and back", () => WithAsync(async c => $"{(await c.InvokeAsync<string>("Upper", new string('x', 1_000_000))).Count(x => x == 'X')}")),
        new("a question of the server's", () => WithAsync(AskedAsync)),
        new("a stream from the server", () => WithAsync(c => DownAsync(c, 2000))),
        new("a stream from the server, left", () => WithAsync(LeftAsync)),
        new("a stream to the server", () => WithAsync(c => c.InvokeAsync<string>("Gather", UpAsync(500)))),
        new("what is said to all", SaidAsync),
        new("what is said to a group", GroupAsync),
        new("a connection that breaks, and the next", ReconnectAsync),
        new("a hub that is not there", async () => $"{(await ConnectAsync(path: "nowhere")).State}"),
    ];

    private async Task<HubConnection> ConnectAsync(Channel<string>? said = null, string path = "room")
    {
        var builder = new HubConnectionBuilder().WithAutomaticReconnect([TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)]);
        builder.Services.AddSingleton<IConnectionFactory, WebSocketFactory>();
        builder.Services.AddSingleton<EndPoint>(new UriEndPoint(new Uri($"ws://{host}:{port}/{path}")));
        builder.Services.Configure<JsonHubProtocolOptions>(options => options.PayloadSerializerOptions.TypeInfoResolverChain.Insert(0, RoomJson.Default));
        var connection = builder.Build();
        if (said is not null) connection.On<string>("said", text => said.Writer.WriteAsync(text).AsTask());
        await connection.StartAsync().WaitAsync(s_limit);
        return connection;
    }

    private async Task<string> WithAsync(Func<HubConnection, Task<string>> run)
    {
        await using var connection = await ConnectAsync();
        return await run(connection).WaitAsync(s_limit);
    }

    private static async Task<string> FailAsync(HubConnection connection)
    {
        try
        {
            await connection.InvokeAsync("Fail", "for a reason");
            return "it did not fail";
        }
        catch (HubException e)
        {
            return $"{e.Message}, then {await connection.InvokeAsync<string>("Upper", "a")}";
        }
    }

    private static async Task<string> ManyAsync(HubConnection connection)
    {
        var all = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => connection.InvokeAsync<string>("Upper", $"x{i}")));
        return $"{all.Distinct().Count()} {all[0]} {all[99]}";
    }

    private static async Task<string> AskedAsync(HubConnection connection)
    {
        using var answer = connection.On<string, string>("asked", question => question + "? yes");
        return await connection.InvokeAsync<string>("AskBack", "well");
    }

    private static async Task<string> DownAsync(HubConnection connection, int count)
    {
        int next = 0;
        await foreach (string item in connection.StreamAsync<string>("Count", count))
            if (item != $"{next++}") return $"{item} instead of {next - 1}";
        return $"{next}";
    }

    private static async Task<string> LeftAsync(HubConnection connection)
    {
        string last = "";
        await foreach (string item in connection.StreamAsync<string>("Count", 1_000_000))
        {
            last = item;
            if (item == "10") break;
        }

        return $"{last}, then {await DownAsync(connection, 5)}";
    }

    private static async IAsyncEnumerable<string> UpAsync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            await Task.Yield();
            yield return new string('z', i);
        }
    }

    private async Task<string> SaidAsync()
    {
        var heard = Enumerable.Range(0, 3).Select(_ => Channel.CreateUnbounded<string>()).ToArray();
        var connections = await Task.WhenAll(heard.Select(h => ConnectAsync(h)));
        await connections[0].InvokeAsync("Say", "good morning");
        string[] all = await Task.WhenAll(heard.Select(h => h.Reader.ReadAsync().AsTask().WaitAsync(s_limit)));
        foreach (var connection in connections) await connection.DisposeAsync();
        return string.Join('|', all);
    }

    private async Task<string> GroupAsync()
    {
        Channel<string> one = Channel.CreateUnbounded<string>(), other = Channel.CreateUnbounded<string>();
        await using HubConnection first = await ConnectAsync(one), second = await ConnectAsync(other);
        await first.InvokeAsync("Enter", "some");
        await second.InvokeAsync("Enter", "some");
        await first.InvokeAsync("SayTo", "some", "to both");
        await second.InvokeAsync("Leave", "some");
        await first.InvokeAsync("SayTo", "some", "to one");
        await second.InvokeAsync("Say", "to all");
        return $"{await HeardAsync(one, 3)}; {await HeardAsync(other, 2)}";
    }

    private static async Task<string> HeardAsync(Channel<string> channel, int count)
    {
        var heard = new List<string>();
        while (heard.Count < count) heard.Add(await channel.Reader.ReadAsync().AsTask().WaitAsync(s_limit));
        return string.Join('|', heard);
    }

    private async Task<string> ReconnectAsync()
    {
        var said = Channel.CreateUnbounded<string>();
        await using var connection = await ConnectAsync(said);
        var reconnected = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        int breaks = 0;
        connection.Reconnecting += _ =>
        {
            breaks++;
            return Task.CompletedTask;
        };
        connection.Reconnected += id =>
        {
            reconnected.TrySetResult(id ?? "");
            return Task.CompletedTask;
        };
        string? before = connection.ConnectionId;
        await connection.InvokeAsync("Enter", "again");
        await connection.SendAsync("Break");
        string after = await reconnected.Task.WaitAsync(s_limit);
        // Groups are forgotten with the connection.
        await connection.InvokeAsync("Enter", "again");
        await connection.InvokeAsync("SayTo", "again", "still here");
        return $"{breaks} {before == after} {connection.State} {await HeardAsync(said, 1)}";
    }
}
