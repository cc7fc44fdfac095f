using System.Runtime.InteropServices;
using System.Text;
using Morgana.Core;
using Morgana.Network;

namespace Morgana.SystemNative;

/// <summary>An interface: the layout of .NET's platform layer.</summary>
internal unsafe struct InterfaceInformation
{
    public const int MostName = 15;

    public fixed byte Name[MostName + 1];
    public long Speed;
    public int Index;
    public int Mtu;
    public ushort HardwareType;
    public byte OperationalState;
    public byte AddressLength;
    public fixed byte Address[8];
    public byte SupportsMulticast;
    public fixed byte Padding[3];
}

/// <summary>An address of an interface: the layout of .NET's platform layer.</summary>
internal unsafe struct InterfaceAddressInformation
{
    public int Index;
    public fixed byte Address[16];
    public byte AddressLength;
    public byte PrefixLength;
    public fixed byte Padding[2];
}

/// <summary>A hardware address of an interface: the layout of .NET's platform layer.</summary>
internal unsafe struct LinkLayerInformation
{
    public int Index;
    public fixed byte Address[8];
    public byte AddressLength;
    public byte Padding;
    public ushort HardwareType;
}

/// <summary>getifaddrs(3) over our stack's interfaces.</summary>
/// <remarks>Safety: what is handed over is one block of the C library's memory, which .NET gives back to it by the first pointer.</remarks>
internal static unsafe class InterfaceFunctions
{
    // By .NET's numbers.
    private const ushort Ethernet = 6, Loopback = 24;
    private const byte Up = 1;

    public static void GetAll(int* interfaceCount, InterfaceInformation** interfaces, int* addressCount, InterfaceAddressInformation** addresses)
    {
        var links = HostInterfaces.All();
        *interfaceCount = links.Count;
        *addressCount = links.Sum(l => l.Addresses.Length);
        byte* block = (byte*)NativeMemory.AllocZeroed((nuint)((*interfaceCount * sizeof(InterfaceInformation)) + (*addressCount * sizeof(InterfaceAddressInformation))));
        var next = *interfaces = (InterfaceInformation*)block;
        var nextAddress = *addresses = (InterfaceAddressInformation*)(block + (*interfaceCount * sizeof(InterfaceInformation)));
        foreach (var link in links)
        {
            WriteName(link, next->Name);
            // Nobody knows how fast a link is that ends in a program.
            next->Speed = -1;
            (next->Index, next->Mtu, next->HardwareType) = (link.Index, link.Mtu, Type(link));
            next->OperationalState = Up;
            next->AddressLength = 6;
            link.Mac.WriteTo(new(next->Address, 6));
            next->SupportsMulticast = (byte)(link.IsLoopback ? 0 : 1);
            next++;
            foreach (var address in link.Addresses) *nextAddress++ = Describe(link, address);
        }
    }

    public static void Enumerate(
        void* context,
        delegate* unmanaged<void*, byte*, InterfaceAddressInformation*, void> onIpv4,
        delegate* unmanaged<void*, byte*, LinkLayerInformation*, void> onLinkLayer)
    {
        byte* name = stackalloc byte[InterfaceInformation.MostName + 1];
        foreach (var link in HostInterfaces.All())
        {
            WriteName(link, name);
            if (onLinkLayer is not null)
            {
                var hardware = new LinkLayerInformation { Index = link.Index, AddressLength = 6, HardwareType = Type(link) };
                link.Mac.WriteTo(new(hardware.Address, 6));
                onLinkLayer(context, name, &hardware);
            }

            if (onIpv4 is null) continue;
            foreach (var address in link.Addresses)
            {
                var described = Describe(link, address);
                onIpv4(context, name, &described);
            }
        }
    }

    private static InterfaceAddressInformation Describe(HostInterface link, in InterfaceAddress address)
    {
        var described = new InterfaceAddressInformation { Index = link.Index, AddressLength = 4, PrefixLength = (byte)address.PrefixLength };
        address.Address.WriteTo(new(described.Address, 4));
        return described;
    }

    private static ushort Type(HostInterface link) => link.IsLoopback ? Loopback : Ethernet;

    private static void WriteName(HostInterface link, byte* name)
    {
        new Span<byte>(name, InterfaceInformation.MostName + 1).Clear();
        string text = link.Name.Length > InterfaceInformation.MostName ? link.Name[..InterfaceInformation.MostName] : link.Name;
        Encoding.ASCII.GetBytes(text, new Span<byte>(name, InterfaceInformation.MostName));
    }
}
