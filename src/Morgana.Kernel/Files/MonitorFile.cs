using System;

namespace Morgana.Kernel;

/// <summary>A file that the monitor hands over: QEMU's firmware configuration device (its docs/specs/fw_cfg.rst), by the two ports of a PC.</summary>
/// <remarks>It is read whole when the machine starts, and costs an access for each octet: for what must stand on no command line, such as secrets.</remarks>
internal static unsafe class MonitorFile
{
    private const uint Selector = 0x510, Data = 0x511, Signature = 0, Directory = 0x19;
    private const int NameRoom = 56, MostFiles = 1024;
    private const uint MostOctets = 1 << 20;

    /// <summary>Reads the file of that name. Null where there is none, or no such device, or no memory for it.</summary>
    public static File* Read(ReadOnlySpan<byte> name)
    {
        Select(Signature);
        if (ReadNumber(4) != 0x51454d55 || !Find(name, out uint key, out uint size) || size > MostOctets) return null;
        File* file = DescriptorTable.Create(FileKind.Text);
        if (file == null) return null;
        ulong pages = Bits.AlignUp(size, Pages.Size) / Pages.Size;
        ulong start = PhysicalMemory.Frames->TakeRun(pages);
        if (start == FrameAllocator.None) return null;
        file->Content = (byte*)Physical.Pointer(start);
        file->ContentPages = (int)pages;
        file->Length = (int)size;
        Select(key);
        for (uint i = 0; i < size; i++) file->Content[i] = (byte)Machine.In8(Data);
        return file;
    }

    // Each entry: size, selector, two octets of nothing, and a name that ends with zeroes; numbers have their highest octet first.
    private static bool Find(ReadOnlySpan<byte> name, out uint key, out uint size)
    {
        byte* entry = stackalloc byte[NameRoom + 1];
        entry[NameRoom] = 0;
        Select(Directory);
        uint count = ReadNumber(4);
        for (uint i = 0; i < count && i < MostFiles; i++)
        {
            size = ReadNumber(4);
            key = ReadNumber(2);
            ReadNumber(2);
            for (int k = 0; k < NameRoom; k++) entry[k] = (byte)Machine.In8(Data);
            if (Text.Is(entry, name) && size > 0) return true;
        }

        key = size = 0;
        return false;
    }

    private static void Select(uint key) => Machine.Out16(Selector, key);

    private static uint ReadNumber(int octets)
    {
        uint value = 0;
        for (int i = 0; i < octets; i++) value = (value << 8) | Machine.In8(Data);
        return value;
    }
}
