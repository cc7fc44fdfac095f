using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace WebCases;

/// <summary>A component that lives on the server, from the browser's side: shown, pressed, and asked of by the server.</summary>
internal sealed partial class Circuit(Uri address) : IDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly List<object?[]> _come = [];

    /// <summary>What happens, a line for each step.</summary>
    public async Task<string> TryAsync()
    {
        using var client = new HttpClient { BaseAddress = address };
        string page = await client.GetStringAsync("/counter");
        string marker = Marker().Match(page).Groups[1].Value;
        using var negotiated = await client.PostAsync("/_blazor/negotiate?negotiateVersion=1", null);
        string token = JsonDocument.Parse(await negotiated.Content.ReadAsStringAsync()).RootElement.GetProperty("connectionToken").GetString()!;
        await _socket.ConnectAsync(new Uri($"ws://{address.Authority}/_blazor?id={token}"), default);
        await _socket.SendAsync(Encoding.UTF8.GetBytes("{\"protocol\":\"blazorpack\",\"version\":1}\x1e"), WebSocketMessageType.Text, true, default);
        byte[] greeting = await ReceiveAsync();
        string said = "greeting " + Encoding.UTF8.GetString(greeting).TrimEnd('\x1e');

        await SendAsync("0", "StartCircuit", address.ToString(), address + "counter", "[]", "");
        object?[] started = await UntilAsync(m => m[0] is 3L);
        said += $"\nstarted {started[3]}";
        await SendAsync(null, "UpdateRootComponents", $$"""{"batchId":1,"operations":[{"type":"add","ssrComponentId":1,"marker":{{marker}}}]}""", "");
        said += "\nshown " + await RenderedAsync("pressed 0 times, 0");
        // The first handler of events, and the first object that scripts may call.
        await SendAsync("1", "BeginInvokeDotNetFromJS", "1", null, "DispatchEventAsync", 1L, """[{"eventHandlerId":1,"eventName":"click","eventFieldInfo":null},{"type":"click","detail":1,"button":0}]""");
        said += "\npressed " + await RenderedAsync("pressed 1 times, 0");
        object?[] asked = Arguments(await UntilAsync(m => Name(m) == "JS.BeginInvokeJS" && Arguments(m)[1] is "answer"));
        said += $"\nasked {asked[2]}";
        await SendAsync(null, "EndInvokeJSFromDotNet", (long)asked[0]!, true, $"[{asked[0]},true,42]");
        return said + "\nanswered " + await RenderedAsync("pressed 1 times, 42");
    }

    public void Dispose() => _socket.Dispose();

    private static string? Name(object?[] message) => message[0] is 1L ? (string?)message[3] : null;

    private static object?[] Arguments(object?[] message) => (object?[])message[4]!;

    private Task SendAsync(string? number, string name, params object?[] arguments) =>
        _socket.SendAsync(MessagePack.Call(number, name, arguments), WebSocketMessageType.Binary, true, default);

    // A batch of changes has the texts that it shows at its end.
    private async Task<string> RenderedAsync(string text)
    {
        byte[] wanted = Encoding.UTF8.GetBytes(text);
        await UntilAsync(m => Name(m) == "JS.RenderBatch" && Arguments(m)[1] is byte[] batch && batch.AsSpan().IndexOf(wanted) >= 0);
        return text;
    }

    // What else has come may be waited for later: two things that the server does at once come in any order.
    private async Task<object?[]> UntilAsync(Func<object?[], bool> isWanted)
    {
        while (true)
        {
            if (_come.Find(m => m[0] is 7L || Name(m) == "JS.Error") is { } end) throw new InvalidOperationException($"The server gave up: {string.Join(' ', end[^1] as object?[] ?? end)}");
            int found = _come.FindIndex(m => isWanted(m));
            if (found >= 0)
            {
                object?[] message = _come[found];
                _come.RemoveAt(found);
                return message;
            }

            _come.AddRange(MessagePack.Messages(await ReceiveAsync()));
        }
    }

    private async Task<byte[]> ReceiveAsync()
    {
        var whole = new MemoryStream();
        byte[] part = new byte[8192];
        ValueWebSocketReceiveResult received;
        do
        {
            received = await _socket.ReceiveAsync(part.AsMemory(), default);
            whole.Write(part, 0, received.Count);
        }
        while (!received.EndOfMessage);
        return received.MessageType == WebSocketMessageType.Close ? throw new InvalidOperationException($"The server ended it: {_socket.CloseStatusDescription}") : whole.ToArray();
    }

    [GeneratedRegex("<!--Blazor:(\\{\"type\":\"server\".*?\\})-->")]
    private static partial Regex Marker();
}
