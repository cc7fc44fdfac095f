using System.Text.Json.Serialization;
using Microsoft.AspNetCore.SignalR;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Services.AddSignalR().AddJsonProtocol(options => options.PayloadSerializerOptions.TypeInfoResolverChain.Insert(0, ChatJson.Default));
var app = builder.Build();

app.UseDefaultFiles();
app.UseStaticFiles();
app.MapHub<Room>("/room");
app.Run();

/// <summary>Whatever one says, all hear.</summary>
internal sealed class Room : Hub
{
    public Task Say(string name, string text) => Clients.All.SendAsync("said", name, text);
}

[JsonSerializable(typeof(string))]
internal sealed partial class ChatJson : JsonSerializerContext;
