namespace System
{
    /// <summary>Octets of the image that nobody writes: what a <c>"..."u8</c> literal is. It reads without checks; the kernel iterates up to <see cref="Length"/>.</summary>
    public readonly unsafe ref struct ReadOnlySpan<T>
    {
        // A pointer, not a reference: where there are references, methods zero their locals, with vector registers.
        private readonly T* _first;
        private readonly int _length;

        // ilc replaces these three where a literal's data stands in the image: no array is ever made.
        public ReadOnlySpan(void* pointer, int length)
        {
            _first = (T*)pointer;
            _length = length;
        }

        public ReadOnlySpan(T[] array) : this(null, 0) { }
        public ReadOnlySpan(T[] array, int start, int length) : this(null, 0) { }

        public static implicit operator ReadOnlySpan<T>(T[] array) => new(array);

        public int Length => _length;

        /// <summary>The first octet. Literals lie in the image and never move.</summary>
        public byte* Pointer => (byte*)_first;
    }
}

namespace Morgana.Kernel
{
    /// <summary>Where a literal's octets lie. They are in the image, and never move.</summary>
    internal static unsafe class Literal
    {
        public static byte* Pointer(System.ReadOnlySpan<byte> literal) => literal.Pointer;
    }
}
