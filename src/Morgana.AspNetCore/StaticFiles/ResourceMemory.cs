using System.Buffers;
using System.Reflection;

namespace Morgana.AspNetCore.StaticFiles;

/// <summary>An embedded resource as memory: the image's own pages, never copied.</summary>
/// <remarks>
/// Safety: a manifest resource is part of the assembly's mapped image, read-only, and stays where it is until the assembly is unloaded. The
/// stream keeps a collectible assembly alive; others are never unloaded.
/// </remarks>
internal sealed unsafe class ResourceMemory : MemoryManager<byte>
{
    private readonly UnmanagedMemoryStream _stream;
    private readonly byte* _start;
    private readonly int _length;

    private ResourceMemory(UnmanagedMemoryStream stream)
    {
        _stream = stream;
        _start = stream.PositionPointer;
        _length = checked((int)stream.Length);
    }

    /// <summary>The resource called <paramref name="name"/>, which must exist.</summary>
    public static ReadOnlyMemory<byte> Open(Assembly assembly, string name)
    {
        var stream = assembly.GetManifestResourceStream(name) ?? throw new ArgumentException($"There is no resource '{name}'.", nameof(name));
        if (stream is UnmanagedMemoryStream { Length: > 0 } mapped) return new ResourceMemory(mapped).Memory;
        using (stream)
        {
            byte[] copy = new byte[stream.Length];
            stream.ReadExactly(copy);
            return copy;
        }
    }

    public override Span<byte> GetSpan() => new(_start, _length);

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)_length, nameof(elementIndex));
        return new(_start + elementIndex, pinnable: this);
    }

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _stream.Dispose();
    }
}
