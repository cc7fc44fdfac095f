using System.Globalization;

namespace Morgana.Cli.Running;

/// <summary>How a guest's whole memory is divided.</summary>
/// <param name="Whole">In octets.</param>
internal readonly record struct GuestMemory(long Whole)
{
    /// <summary>What the collector may use at most: half. The other half is for packet buffers, stacks and the image itself.</summary>
    public long HeapLimit => Whole / 2;

    /// <summary>The environment that says so to the guest.</summary>
    public IEnumerable<string> Environment =>
    [
        "MORGANA_MEMORY=" + Whole.ToString(CultureInfo.InvariantCulture),
        .. Running.HeapLimit.Environment(HeapLimit),
    ];
}
