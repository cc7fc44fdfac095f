// Sends ICMP echo requests and tells what comes back: `./morgana run samples/Ping -- --to=10.0.2.2`.
using System.Net.Sockets;
using Morgana.Core;
using Morgana.Hosting;

return await Unikernel.RunAsync(
    PingAsync,
    new BootArgument("to", "ADDRESS|NAME", "Who is pinged", "10.0.2.2"),
    new BootArgument("count", "COUNT", "How many requests are sent; 0 is for ever", "4"),
    new BootArgument("interval", "HH:MM:SS", "The time between two requests", "00:00:01"),
    new BootArgument("timeout", "HH:MM:SS", "How long a reply is waited for", "00:00:02"));

static async Task<int> PingAsync(UnikernelContext context, CancellationToken stop)
{
    const int Payload = 56, IcmpHeader = 8;
    string to = context.Arguments.Find("to")!;
    uint count = context.Arguments.Get<uint>("count");
    var timeout = context.Arguments.Get<TimeSpan>("timeout");
    if (await FindAsync(context, to, stop) is not { } address)
    {
        Console.Error.WriteLine($"ping: {to}: the name is not known");
        return 2;
    }

    Console.WriteLine($"PING {to} ({address}): {Payload} octets of payload");
    var times = new List<double>();
    int sent = 0;
    using var timer = new PeriodicTimer(context.Arguments.Get<TimeSpan>("interval"));
    try
    {
        do
        {
            var reply = await context.Network.PingAsync(address, timeout, Payload, stop);
            sent++;
            if (reply.Received) times.Add(reply.RoundTrip.TotalMilliseconds);
            Console.WriteLine(reply.Received
                ? $"{Payload + IcmpHeader} octets from {reply.From}: seq={sent} time={reply.RoundTrip.TotalMilliseconds:F3} ms"
                : $"no reply: seq={sent}");
        }
        while ((count == 0 || sent < count) && await timer.WaitForNextTickAsync(stop));
    }
    catch (OperationCanceledException)
    {
        // Ctrl-C: what is known until now is told.
    }

    Console.WriteLine($"--- {to} ping statistics ---");
    Console.WriteLine($"{sent} sent, {times.Count} received, {(sent == 0 ? 0 : 100.0 * (sent - times.Count) / sent):F0} % lost");
    if (times.Count > 0) Console.WriteLine($"round trip min/avg/max = {times.Min():F3}/{times.Average():F3}/{times.Max():F3} ms");
    return times.Count > 0 ? 0 : 1;
}

static async Task<IpAddress?> FindAsync(UnikernelContext context, string name, CancellationToken stop)
{
    try
    {
        var addresses = await context.Network.ResolveAsync(name, stop);
        return addresses.First(a => a.IsIpv4);
    }
    catch (Exception e) when (e is SocketException or InvalidOperationException)
    {
        return null;
    }
}
