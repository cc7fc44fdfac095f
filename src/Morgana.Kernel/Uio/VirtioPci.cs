namespace Morgana.Kernel;

/// <summary>Devices by virtio 1.2, 4.1: PCI's configuration space is searched for them, here, as only the kernel reaches it.</summary>
internal static unsafe class VirtioPci
{
    private const uint Address = 0xcf8, Data = 0xcfc;
    private const uint Vendor = 0x1af4, FirstModern = 0x1040;

    public static void Probe()
    {
    }
}
