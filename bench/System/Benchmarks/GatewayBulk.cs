using System.Net;
using System.Net.Sockets;
using Morgana.Core;
using Morgana.Gateway;

namespace Morgana.Bench;

/// <summary>One stream between a guest's application and a host socket, through frame socket and gateway, all in this process. The kernel's part counts.</summary>
internal sealed class GatewayBulk : Benchmark
{
    private readonly bool _isUpload;
    private readonly Stream _guest;
    private readonly Stream _host;

    public GatewayBulk(string name, bool isUpload)
    {
        Name = name;
        _isUpload = isUpload;
        var pool = new BufferPool(MemoryRegion.Native(16 << 20));
        var options = new GatewayOptions { AllowHost = true, Secret = TwoHosts.Secret };
        var (device, _) = Gateway.Gateway.StartInProcess(options, pool);
        var loop = TwoLoops.Start(device, pool, 15, options.GuestAddress, options.Address);
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var to = new IpEndpoint(options.Address, (ushort)((IPEndPoint)listener.LocalEndPoint!).Port);
        var connecting = loop.ConnectAsync(to).AsTask();
        _host = new NetworkStream(listener.Accept(), ownsSocket: true);
        _guest = connecting.GetAwaiter().GetResult().AsStream();
    }

    public override string Name { get; }

    public override string Unit => "Gbit/s";

    public override Comparison Comparison => Comparison.Bits;

    public override Sample Measure(TimeSpan duration) =>
        (_isUpload ? Streams.BulkAsync(_guest, _host, duration) : Streams.BulkAsync(_host, _guest, duration)).GetAwaiter().GetResult();
}
