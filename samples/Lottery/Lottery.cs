using System.Buffers.Binary;
using Morgana.Composition;
using Morgana.Devices;
using Morgana.Storage;

namespace Samples;

/// <summary>A block device: counts its boots in the first sector, and every seventh wins.</summary>
[Unikernel(Help = "Counts its boots on a disk; some of them win.")]
public sealed partial class Lottery([Device("disk")] IBlockDevice disk, IConsole console)
{
    [BootArgument(Help = "Every so many boots win.", Minimum = 1)]
    public int Every { get; init; } = 7;

    public async Task RunAsync(CancellationToken stop)
    {
        byte[] sector = new byte[disk.Geometry.SectorSize];
        await disk.ReadAsync(0, sector, stop);
        ulong boots = BinaryPrimitives.ReadUInt64LittleEndian(sector) + 1;
        BinaryPrimitives.WriteUInt64LittleEndian(sector, boots);
        await disk.WriteAsync(0, sector, cancel: stop);
        await disk.FlushAsync(stop);        // Only now does the boot count survive a power loss.
        console.WriteLine(boots % (ulong)Every == 0 ? $"Boot {boots} wins." : $"Boot {boots} does not win.");
    }
}
