using Morgana.Composition;
using Morgana.Core;
using Morgana.Hosting;
using Morgana.Network;
using Morgana.Sockets;

[assembly: Providers(typeof(NetworkParts))]

namespace Morgana.Hosting;

/// <summary>Our own network stack, and the drivers of the devices under it.</summary>
public static class NetworkParts
{
    /// <summary>Our own stack, with a pool and a loop of its own.</summary>
    [Provides(IsDefault = true, Help = "our own TCP/IP stack")]
    public static INetworkStack Direct(
        [Device] INetworkPort port,
        [BootArgument(Help = "The guest's IPv4 address; behind the gateway 10.0.2.15/24.")] InterfaceAddress? ipv4 = null,
        [BootArgument(Help = "The default route; behind the gateway 10.0.2.2.")] Ipv4Address? ipv4Gateway = null,
        [BootArgument(Help = "Name servers; behind the gateway 10.0.2.3.")] Ipv4Address[]? dns = null)
    {
        // A socket of .NET's came before the composition: its network is this one.
        if (port is DescriptorPort { Name: "net0" } && ProgramNetwork.OfSockets is { } opened) return opened;
        bool known = port.IsBehindGateway;
        // 0.0.0.0 is nobody's own address, nor a router's: whoever gives it has given none.
        var own = ipv4 is { Address.Value: not 0 } given ? given : (known ? new(Ipv4Address.Parse("10.0.2.15"), 24) : throw new BootException("--ipv4=ADDRESS/PREFIX is needed on a link without our gateway."));
        var (device, pool) = port.Open(GuestMemory.FromEnvironment().Pool);
        var mac = device.Capabilities.Mac;
        var loop = new NetworkLoop(new()
        {
            Attachments =
            [
                new(device, new InterfaceOptions
                {
                    Name = "net0",
                    Mac = mac.Value != 0 ? mac : GuestNetwork.LocalMac(own.Address),
                    Mtu = device.Capabilities.Mtu,
                    Addresses = [own],
                    Gateway = ipv4Gateway is { Value: not 0 } router ? router : known ? Ipv4Address.Parse("10.0.2.2") : null,
                }),
            ],
            Pool = pool,
            NameServers = Array.ConvertAll(dns ?? (known ? [Ipv4Address.Parse("10.0.2.3")] : []), static server => new IpEndpoint(server, 53)),
        });
        loop.Start();
        ProgramNetwork.Started(loop);
        // The seal is for when every part has opened what it needs.
        UnikernelProgram.AllStarted = GuestSandbox.CloseIfAsked;
        return loop;
    }

    /// <summary>A unix socket to the gateway, with its framing.</summary>
    [Driver("frame-socket", Targets = Targets.Process | Targets.Sandbox)]
    public static INetworkPort FrameSocket(DeviceHandle device) => new DescriptorPort(device, isBehindGateway: true);

    /// <summary>A tap interface of the host.</summary>
    [Driver("tap", Targets = Targets.Process | Targets.Sandbox)]
    public static INetworkPort Tap(DeviceHandle device) => new DescriptorPort(device, isBehindGateway: false);

    /// <summary>An interface of the Linux under it, by a packet socket.</summary>
    [Driver("packet-socket", Targets = Targets.LinuxVm)]
    public static INetworkPort PacketSocket(DeviceHandle device) => new DescriptorPort(device, isBehindGateway: true);

    /// <summary>A virtio network card, in a virtual machine.</summary>
    [Driver("virtio", Targets = Targets.Vm)]
    public static INetworkPort Virtio(DeviceHandle device) => new DescriptorPort(device, isBehindGateway: true);

    /// <summary>The gateway in this process, under the JIT.</summary>
    [Driver(DeviceHandle.InProcess, Targets = Targets.Managed)]
    public static INetworkPort InProcess(DeviceHandle device) => new InProcessPort(device, Console.Out.WriteLine);
}
