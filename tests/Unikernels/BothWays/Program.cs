// A web application on UseMorgana() that also uses .NET's own sockets: two ways to one network, whichever of them comes first.
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Morgana.Hosting;
using Morgana.Sockets;

// SOCKETS=first: .NET's have opened the network before the application asks for it.
UdpClient? before = Environment.GetEnvironmentVariable("SOCKETS") == "first" ? new UdpClient(new IPEndPoint(IPAddress.Any, 7007)) : null;

var builder = WebApplication.CreateEmptyBuilder(new() { Args = args });
builder.UseMorgana();
var app = builder.Build();
using var client = new HttpClient();
var echo = new System.Net.Sockets.TcpListener(IPAddress.Any, 7);
echo.Start();
_ = EchoAsync();
if (before is not null) _ = EchoDatagramsAsync(before);

app.UseRouting();
app.MapGet("/direct", context => context.Response.WriteAsync("direct"));
// By a socket of .NET's to Kestrel on our pipes, in the same host.
app.MapGet("/itself", async context => await context.Response.WriteAsync("itself: " + await client.GetStringAsync($"http://{Own()}/direct")));
app.MapGet("/outside", async context => await context.Response.WriteAsync("outside: " + await client.GetStringAsync(new Uri(context.Request.Query["from"]!))));
app.MapGet("/taken", context =>
{
    using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    try
    {
        socket.Bind(new IPEndPoint(IPAddress.Any, 80));
        socket.Listen();
        return context.Response.WriteAsync("nobody has it");
    }
    catch (SocketException e)
    {
        return context.Response.WriteAsync($"{e.SocketErrorCode}");
    }
});
// With completions inline what follows the first await is on the thread of .NET's event port, which the network may be driven by: it waits
// there for another thread, which waits for the network.
app.MapGet("/blocked", async context =>
{
    var server = IPEndPoint.Parse(context.Request.Query["by"]!);
    using var first = new TcpClient();
    await first.ConnectAsync(server);
    string thread = Thread.CurrentThread.Name ?? "";
    string other = "";
    var waiting = new Thread(() => other = Ask(server));
    waiting.Start();
    waiting.Join();
    // And this thread itself waits in a call of a socket.
    string own = Ask(server);
    await context.Response.WriteAsync($"{thread}: {other}, {own}");
});
// One host: its interfaces are the same, and so are its connections.
app.MapGet("/host", context =>
{
    string names = string.Join(' ', NetworkInterface.GetAllNetworkInterfaces().Select(i => i.Name).Order(StringComparer.Ordinal));
    var listeners = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(l => l.Port).Order();
    return context.Response.WriteAsync($"{names}; {string.Join(' ', listeners)}; {app.Services.GetRequiredService<GuestNetwork>().Address}");
});
app.UseEndpoints(_ => { });
app.Run();
echo.Dispose();
before?.Dispose();

string Own() => app.Services.GetRequiredService<GuestNetwork>().Address.Address.ToString();

// What a server says before it ends the connection, by calls that wait.
static string Ask(IPEndPoint server)
{
    using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    socket.Connect(server);
    using var reader = new StreamReader(new NetworkStream(socket));
    return reader.ReadToEnd();
}

async Task EchoAsync()
{
    while (true)
    {
        var connection = await echo.AcceptTcpClientAsync();
        _ = AnswerAsync(connection);
    }
}

static async Task AnswerAsync(TcpClient connection)
{
    using (connection)
    {
        try
        {
            await connection.GetStream().CopyToAsync(connection.GetStream());
        }
        catch (IOException)
        {
            // The other side has gone.
        }
    }
}

static async Task EchoDatagramsAsync(UdpClient socket)
{
    while (true)
    {
        var received = await socket.ReceiveAsync();
        await socket.SendAsync(Encoding.ASCII.GetBytes("again " + Encoding.ASCII.GetString(received.Buffer)), received.RemoteEndPoint);
    }
}
