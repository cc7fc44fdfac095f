using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.SignalR;

namespace HttpCases;

/// <summary>SignalR's server.</summary>
internal sealed class Room : Hub
{
    public static void Add(IServiceCollection services) => services.AddSignalR(options =>
        {
            options.MaximumReceiveMessageSize = 4 << 20;
            // A call of a client's may wait for another of the same one.
            options.MaximumParallelInvocationsPerClient = 4;
        })
        .AddJsonProtocol(options => options.PayloadSerializerOptions.TypeInfoResolverChain.Insert(0, RoomJson.Default));

    public string Upper(string text) => text.ToUpperInvariant();

    // A task without a value: of all others SignalR gets the value by reflection where it is compiled ahead of time, and does not know the exception.
    public async Task Fail(string why)
    {
        await Task.Yield();
        throw new HubException(why);
    }

    public Task Say(string text) => Clients.All.SendAsync("said", text);

    public Task Enter(string group) => Groups.AddToGroupAsync(Context.ConnectionId, group);

    public Task Leave(string group) => Groups.RemoveFromGroupAsync(Context.ConnectionId, group);

    public Task SayTo(string group, string text) => Clients.Group(group).SendAsync("said", text);

    public async Task<string> AskBack(string question) => "it said " + await Clients.Caller.InvokeAsync<string>("asked", question, Context.ConnectionAborted);

    public async IAsyncEnumerable<string> Count(int to, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (int i = 0; i < to; i++)
        {
            cancel.ThrowIfCancellationRequested();
            await Task.Yield();
            yield return $"{i}";
        }
    }

    public async Task<string> Gather(IAsyncEnumerable<string> lines)
    {
        int count = 0, length = 0;
        await foreach (string line in lines) (count, length) = (count + 1, length + line.Length);
        return $"{count} lines of {length}";
    }

    /// <summary>The caller's connection breaks, as by a router's fault: nobody says goodbye.</summary>
    public void Break() => Context.GetHttpContext()!.Abort();
}

[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(int))]
internal sealed partial class RoomJson : JsonSerializerContext;
