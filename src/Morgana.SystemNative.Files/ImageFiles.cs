using System.Runtime.InteropServices;
using System.Text;

namespace Morgana.SystemNative;

/// <summary>The files that the link step has put into the image (Morgana.Sdk's ProgramFiles.targets), where they lie.</summary>
internal static unsafe class ImageFiles
{
    /// <summary>Each file's path, whole or under <see cref="ProgramFiles.AppFolder"/>, and its content.</summary>
    public static List<KeyValuePair<string, ReadOnlyMemory<byte>>> All()
    {
        var files = new List<KeyValuePair<string, ReadOnlyMemory<byte>>>();
        for (var entry = Table(); entry->Path is not null; entry++)
        {
            // Beyond what memory can be named in .NET at once, there is no file.
            if (entry->Length > int.MaxValue) throw new InvalidOperationException("A file of the image is longer than 2 GB.");
            files.Add(new(Encoding.UTF8.GetString(entry->Path, (int)entry->PathLength), new ImageMemory(entry->Content, (int)entry->Length).Memory));
        }

        return files;
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
