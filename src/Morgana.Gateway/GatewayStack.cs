using Morgana.Core;
using Morgana.Devices;
using Morgana.Network;
using Morgana.Protocols.Tcp;
using Morgana.Protocols.Udp;

namespace Morgana.Gateway;

/// <summary>How the gateway sets up its stack: an ordinary host's, but one that accepts packets for every address.</summary>
internal static class GatewayStack
{
    /// <summary>What each connection with the guest may hold. The guest's network is fast and near: no Nagle, large buffers.</summary>
    public static TcpConnectionOptions ConnectionOptions { get; } = new() { NoDelay = true, SendBuffer = 256 << 10, ReceiveBuffer = 256 << 10 };

    public static NetworkStackOptions StackOptions(GatewayOptions options) => new()
    {
        Tcp = new TcpStackOptions
        {
            MaximumConnections = (2 * options.MaxTcpFlows) + 1024,      // Relays, and what still closes behind them.
            HandshakeTimeout = options.ConnectTimeout + TimeSpan.FromSeconds(5),
            TimeWait = TimeSpan.FromSeconds(5),                         // The link keeps no packet for longer.
        },
    };

    public static InterfaceOptions InterfaceOptions(GatewayOptions options, NetworkDeviceCapabilities device) => new()
    {
        Name = "guest",
        Mac = options.Mac,
        Mtu = device.Mtu,
        Addresses = [new(options.Address, options.PrefixLength), new(options.DnsAddress, options.PrefixLength)],
        AcceptAnyAddress = true,
    };

    public static TcpListenSocket ListenToEverything(TcpStack tcp, GatewayOptions options)
    {
        var listen = new TcpListenOptions { DeferHandshake = true, SynBacklog = options.MaxTcpFlows, Backlog = options.MaxTcpFlows, Connection = ConnectionOptions };
        var error = tcp.TryListen(default, listen, out var listener);
        return error == TcpListenError.None ? listener! : throw new InvalidOperationException($"The gateway's stack does not listen: {error}.");
    }

    public static UdpEndpoint BindEverything(UdpStack udp, GatewayOptions options)
    {
        var error = udp.TryBind(default, new UdpBindOptions { AnyAddressAnyPort = true, QueueDatagrams = 1024, QueueOctets = 2 << 20 }, out var endpoint);
        return error == UdpBindError.None ? endpoint! : throw new InvalidOperationException($"The gateway's stack does not bind: {error}.");
    }
}
