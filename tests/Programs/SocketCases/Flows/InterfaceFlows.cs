using System.Net;
using System.Net.NetworkInformation;

namespace SocketCases;

/// <summary>What a program can hear of its interfaces. Of loopback, which every host has; others differ.</summary>
internal static class InterfaceFlows
{
    public static void RunAll()
    {
        Case.Run("interface lo", Loopback);
        Case.Run("addresses of lo", () => string.Join(' ', Lo().GetIPProperties().UnicastAddresses.Where(a => a.Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork).Select(a => $"{a.Address}/{a.PrefixLength} {a.IPv4Mask}")));
        Case.Run("index of loopback", () => $"{NetworkInterface.LoopbackInterfaceIndex}");
        Case.Run("host name", () => $"{IPGlobalProperties.GetIPGlobalProperties().HostName.Length > 0} {Dns.GetHostName() == IPGlobalProperties.GetIPGlobalProperties().HostName}");
        Case.Run("name of loopback", () => Dns.GetHostEntry(IPAddress.Loopback).HostName);
        Case.Run("name of loopback, asked without waiting", async () => (await Dns.GetHostEntryAsync(IPAddress.Loopback)).HostName);
        Case.Run("news of addresses", () =>
        {
            NetworkAddressChangedEventHandler handler = (_, _) => { };
            NetworkChange.NetworkAddressChanged += handler;
            NetworkChange.NetworkAddressChanged -= handler;
            NetworkChange.NetworkAddressChanged += handler;
            NetworkChange.NetworkAddressChanged -= handler;
            return "done";
        });
    }

    private static NetworkInterface Lo() => NetworkInterface.GetAllNetworkInterfaces().Single(i => i.NetworkInterfaceType == NetworkInterfaceType.Loopback);

    private static string Loopback()
    {
        var lo = Lo();
        return $"{lo.Name} {lo.Id} {lo.Description} {lo.OperationalStatus} {lo.Speed} {lo.SupportsMulticast} {lo.IsReceiveOnly} '{lo.GetPhysicalAddress()}' {lo.Supports(NetworkInterfaceComponent.IPv4)}";
    }
}
