using System.Buffers;
using System.Reflection;

namespace Morgana.Storage;

/// <summary>Resources of an assembly as memory, where they lie: in the image itself, without a copy.</summary>
public static unsafe class EmbeddedResource
{
    /// <summary>A resource's content. It stays valid as long as the process.</summary>
    /// <exception cref="FileNotFoundException">The assembly has no such resource.</exception>
    public static ReadOnlyMemory<byte> Open(Assembly assembly, string name)
    {
        var stream = assembly.GetManifestResourceStream(name)
            ?? throw new FileNotFoundException($"{assembly.GetName().Name} has no resource '{name}'. It has: {string.Join(", ", assembly.GetManifestResourceNames().Take(10))}.");
        using (stream)
        {
            if (stream is UnmanagedMemoryStream unmanaged && unmanaged.Length <= int.MaxValue) return new PointerMemory(unmanaged.PositionPointer, (int)unmanaged.Length, assembly).Memory;
            byte[] copy = new byte[stream.Length];
            stream.ReadExactly(copy);
            return copy;
        }
    }

    /// <summary>Memory of the loaded assembly.</summary>
    /// <remarks>
    /// The runtime maps an assembly's resources with it and never moves them; <paramref name="assembly"/> is held, so that a collectible
    /// one is not unloaded. The pages are read-only: whoever writes through <see cref="GetSpan"/> gets a fault, which is why it is handed out
    /// as <see cref="ReadOnlyMemory{T}"/> alone.
    /// </remarks>
    private sealed class PointerMemory(byte* pointer, int length, Assembly assembly) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan() => new(pointer, length);

        public override MemoryHandle Pin(int elementIndex = 0) => new(pointer + elementIndex);

        public override void Unpin() => GC.KeepAlive(assembly);

        protected override void Dispose(bool disposing)
        {
        }
    }
}
