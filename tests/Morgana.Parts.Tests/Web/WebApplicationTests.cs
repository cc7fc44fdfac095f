using System.Net;
using System.Reflection;
using Morgana.Composition;
using Morgana.Core;
using Morgana.HostSockets;
using Morgana.Sockets;
using Morgana.Storage;
using Morgana.Testing;

namespace Morgana.Parts.Tests;

/// <summary>A whole web application in the test's process, by its assembly.</summary>
public class WebApplicationTests
{
    private static readonly CancellationToken s_limit = new CancellationTokenSource(TimeSpan.FromMinutes(5)).Token;
    private static readonly Assembly s_shop = Assembly.Load("Shop");

    [Fact]
    public async Task A_web_application_serves_on_a_network_of_the_test_with_a_store_of_the_test()
    {
        await using var network = new TestNetwork();
        await using var store = new MemoryKeyValueStore();
        await store.SetTextAsync("items/tea", "green");
        await using var shop = await UnikernelTest.StartAsync(s_shop, g => g.Bind(network.AddHost("10.0.0.2")).Bind(store, "data").Pass("--greeting=hi", "--log=none"), s_limit);
        using var client = ClientOf(network.AddHost("10.0.0.1"));
        Assert.Equal("hi", await client.GetStringAsync("http://10.0.0.2/", s_limit));
        Assert.Equal("green", await client.GetStringAsync("http://10.0.0.2/items/tea", s_limit));
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("http://10.0.0.2/items/coffee", s_limit)).StatusCode);
        using var stored = await client.PutAsync("http://10.0.0.2/items/coffee", new StringContent("black"), s_limit);
        Assert.Equal("black", await store.GetTextAsync("items/coffee"));
        Assert.Equal(0, await shop.StopAsync().WaitAsync(s_limit));
    }

    [Fact]
    public async Task The_same_application_serves_through_the_hosts_sockets()
    {
        var host = new HostNetworkStack();
        ushort port;
        await using (var free = await host.ListenAsync(new(Ipv4Address.Loopback, 0))) port = free.LocalEndpoint.Port;
        await using var shop = await UnikernelTest.StartAsync(s_shop, g => g.Bind(host).Pass($"--port={port}", "--log=none"), s_limit);
        using var client = new HttpClient();
        Assert.Equal("Welcome", await client.GetStringAsync($"http://127.0.0.1:{port}/", s_limit));
    }

    [Fact]
    public async Task A_wrong_argument_ends_it_before_anything_starts()
    {
        await using var network = new TestNetwork();
        var e = await Assert.ThrowsAsync<BootException>(() => UnikernelTest.StartAsync(s_shop, g => g.Bind(network.AddHost("10.0.0.2")).Pass("--port=0"), s_limit));
        Assert.Equal("--port=0: expected a whole number from 1 to 65535.", e.Message);
    }

    [Fact]
    public void Arguments_of_its_own_stand_in_its_manifest()
    {
        string manifest = s_shop.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Morgana.Manifest").Value!;
        var arguments = System.Text.Json.JsonDocument.Parse(manifest).RootElement.GetProperty("arguments").EnumerateArray().ToDictionary(a => a.GetProperty("name").GetString()!);
        Assert.Superset(new HashSet<string> { "port", "log", "ipv4", "greeting" }, arguments.Keys.ToHashSet());
        var greeting = arguments["greeting"];
        Assert.Equal(("TEXT", "Shown on the first page.", "Welcome", "Application"), (Text("value"), Text("help"), Text("default"), Text("group")));

        string? Text(string member) => greeting.GetProperty(member).GetString();
    }

    private static HttpClient ClientOf(INetworkStack network) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (context, cancel) => (await network.ConnectAsync(IpEndpoint.Parse($"{context.DnsEndPoint.Host}:{context.DnsEndPoint.Port}"), cancel: cancel)).AsStream(),
    });
}
