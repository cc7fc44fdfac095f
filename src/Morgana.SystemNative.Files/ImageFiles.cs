using System.Runtime.InteropServices;
using System.Text;
using Morgana.Files;

namespace Morgana.SystemNative;

/// <summary>The files that the link step has put into the image (Morgana.Sdk's ProgramFiles.targets), where they lie.</summary>
internal static unsafe class ImageFiles
{
    /// <summary>Puts each file into one of two trees: time zones, which have whole paths, and all others, whose paths are under <see cref="ProgramFiles.AppFolder"/>.</summary>
    public static void Add(EmbeddedFileSystem app, EmbeddedFileSystem zones, string zoneFolder)
    {
        for (var entry = Table(); entry->Path is not null; entry++)
        {
            // Beyond what memory can be named in .NET at once, there is no file.
            if (entry->Length > int.MaxValue) throw new InvalidOperationException("A file of the image is longer than 2 GB.");
            string path = Encoding.UTF8.GetString(entry->Path, (int)entry->PathLength);
            var content = new ImageMemory(entry->Content, (int)entry->Length).Memory;
            if (!path.StartsWith('/')) app.Add(path, content);
            else if (path.StartsWith(zoneFolder, StringComparison.Ordinal)) zones.Add(path[zoneFolder.Length..], content);
        }
    }

    [DllImport("libSystem.Native", EntryPoint = "MorganaProgramFiles")]
    private static extern Entry* Table();

    /// <summary>A line of the table that ends with a path of null.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Entry(byte* path, ulong pathLength, byte* content, ulong length)
    {
        public readonly byte* Path = path;
        public readonly ulong PathLength = pathLength;
        public readonly byte* Content = content;
        public readonly ulong Length = length;
    }
}
