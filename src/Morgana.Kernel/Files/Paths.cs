using System;

namespace Morgana.Kernel;

/// <summary>The few names that a program finds: there is no file system. The rest does not exist.</summary>
internal static unsafe class Paths
{
    /// <summary>The application's own name, where it asks for it.</summary>
    public static ReadOnlySpan<byte> Program => "/application"u8;

    /// <summary>Opens a name.</summary>
    /// <param name="path">Zero-terminated.</param>
    /// <returns>A descriptor, or why not.</returns>
    public static ulong Open(byte* path)
    {
        if (Text.Is(path, "/dev/urandom"u8) || Text.Is(path, "/dev/random"u8)) return DescriptorTable.Open(DescriptorTable.Create(FileKind.Random), 0);
        if (Text.Is(path, "/dev/null"u8)) return DescriptorTable.Open(DescriptorTable.Create(FileKind.Null), 0);
        if (Text.Begins(path, "/dev/uio"u8)) return Uio.Open(path + 8);

        File* file = DescriptorTable.Create(FileKind.Text);
        if (file == null) return Error.NoMemory;
        var text = new TextBuilder(file->Data, File.DataSize);
        if (!Fill(path, ref text))
        {
            PhysicalMemory.Frames->Return(Physical.Address(file));
            return Error.NoEntry;
        }

        file->Length = text.Length;
        return DescriptorTable.Open(file, 0);
    }

    private static bool Fill(byte* path, ref TextBuilder text)
    {
        if (Text.Is(path, "/proc/self/maps"u8)) FillMaps(ref text);
        else if (Text.Is(path, "/sys/devices/system/cpu/online"u8) || Text.Is(path, "/sys/devices/system/cpu/possible"u8)) FillProcessors(ref text);
        else if (Text.Is(path, "/sys/devices/system/cpu/cpu0/cache/index0/level"u8)) text.Add("2\n"u8);
        else if (Text.Is(path, "/sys/devices/system/cpu/cpu0/cache/index0/size"u8)) AddCacheSize(ref text);
        else if (Text.Begins(path, "/sys/class/uio/uio"u8)) return Uio.Describe(path + 18, ref text);
        else return false;
        return true;
    }

    // The collector makes its youngest generation as large as the cache: without one it collects all the time, and a web server's start needs
    // more than a megabyte. The memory is what counts here, and not the processor, which does not show its cache in most machines.
    private static void AddCacheSize(ref TextBuilder text)
    {
        ulong size = Bits.Min(Bits.Max(PhysicalMemory.Installed >> 5, 256 << 10), 8 << 20);
        text.AddNumber(size >> 10);
        text.Add("K\n"u8);
    }

    // proc(5): the C library looks for the line that holds the first thread's stack.
    private static void FillMaps(ref TextBuilder text)
    {
        Area* stack = AddressSpace.Areas->Find(Application.StackTop - 1);
        if (stack == null) return;
        text.AddHex(stack->Start);
        text.Add("-"u8);
        text.AddHex(stack->End);
        text.Add(" rw-p 00000000 00:00 0 [stack]\n"u8);
    }

    private static void FillProcessors(ref TextBuilder text)
    {
        text.Add("0"u8);
        if (Processors.OnlineCount > 1)
        {
            text.Add("-"u8);
            text.AddNumber((ulong)(Processors.OnlineCount - 1));
        }

        text.Add("\n"u8);
    }
}
