using System.Globalization;
using System.Text;
using Morgana.Devices.Linux;

namespace Morgana.Drivers.Virtio;

/// <summary>A device by Linux's UIO contract (Documentation/driver-api/uio-howto.rst): registers and memory to map, interrupts to read.</summary>
/// <remarks>
/// The kernel's part of a virtual machine is <c>Morgana.Kernel/Uio</c>. Its last map, number <see cref="DmaMap"/>, is memory for DMA, and
/// the map's address is the one that the device knows it by.
/// </remarks>
internal sealed unsafe class UioFile : IInterrupt
{
    public const int DmaMap = 5;

    private readonly int _number;
    private readonly bool _isLevel;
    private int _descriptor;

    private UioFile(int number, int descriptor)
    {
        (_number, _descriptor) = (number, descriptor);
        _isLevel = ReadNumber("level") != 0;
    }

    /// <summary>What to poll: readable once there was an interrupt.</summary>
    public int Descriptor => _descriptor;

    /// <summary>What the kernel calls it.</summary>
    public string Name => ReadText("name") ?? "";

    /// <summary>Opens <c>/dev/uioN</c>.</summary>
    public static UioFile Open(int number)
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"/dev/uio{number}");
        int descriptor;
        fixed (byte* name = Encoding.UTF8.GetBytes(path + "\0")) descriptor = Libc.Open(name, Libc.OpenReadWrite | Libc.OpenNonBlocking | Libc.OpenCloseOnExec, 0);
        return descriptor >= 0 ? new(number, descriptor) : throw new VirtioException($"{path} cannot be opened: {Libc.Describe(Libc.Error)}.");
    }

    /// <summary>Whether there is a map of that number.</summary>
    public bool HasMap(int map) => ReadNumber(map, "size") > 0;

    /// <summary>Maps registers.</summary>
    public UioRegisters MapRegisters(int map)
    {
        byte* memory = Map(map, out int size, out ulong _);
        return new(memory, size);
    }

    /// <summary>Maps the memory for DMA.</summary>
    public DmaMemory MapMemory()
    {
        byte* memory = Map(DmaMap, out int size, out ulong address);
        return new(memory, address, size);
    }

    /// <summary>A number that the kernel tells of the device, or 0.</summary>
    public ulong ReadNumber(string file) => Parse(ReadText(file));

    /// <inheritdoc/>
    public void Take()
    {
        uint count;
        _ = Libc.Read(_descriptor, &count, sizeof(uint));
    }

    /// <inheritdoc/>
    public void Open()
    {
        // A line that only pulses, and a message, are never closed.
        if (!_isLevel) return;
        uint on = 1;
        _ = Libc.Write(_descriptor, &on, sizeof(uint));
    }

    public void Dispose()
    {
        if (_descriptor >= 0) Libc.Close(_descriptor);
        _descriptor = -1;
    }

    private byte* Map(int map, out int size, out ulong address)
    {
        const int page = 4096;
        ulong length = ReadNumber(map, "size"), offset = ReadNumber(map, "offset");
        address = ReadNumber(map, "addr");
        if (length is 0 or > int.MaxValue || offset >= page) throw new VirtioException($"/dev/uio{_number} has no map {map}.");
        size = (int)length;
        byte* memory = UioLibc.Map(null, (nuint)(offset + length), UioLibc.ProtRead | UioLibc.ProtWrite, UioLibc.MapShared, _descriptor, map * (long)page);
        return memory == UioLibc.Failed ? throw new VirtioException($"Map {map} of /dev/uio{_number} cannot be mapped: {Libc.Describe(Libc.Error)}.") : memory + offset;
    }

    private ulong ReadNumber(int map, string file) => Parse(ReadText($"maps/map{map}/{file}"));

    private static ulong Parse(string? text) =>
        text is ['0', 'x', ..] && ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value) ? value : 0;

    private string? ReadText(string file)
    {
        int descriptor;
        fixed (byte* name = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"/sys/class/uio/uio{_number}/{file}\0"))) descriptor = Libc.Open(name, Libc.OpenCloseOnExec, 0);
        if (descriptor < 0) return null;
        byte* text = stackalloc byte[128];
        nint length = Libc.Read(descriptor, text, 128);
        Libc.Close(descriptor);
        return length <= 0 ? null : Encoding.ASCII.GetString(text, (int)length).TrimEnd('\n');
    }
}
