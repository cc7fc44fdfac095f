// Attributes and types by which C# and ilc talk to each other.
using System.Runtime.CompilerServices;

namespace System.Runtime
{
    /// <summary>Exports a method under a plain name, callable from assembly by the System V ABI without any transition.</summary>
    public sealed class RuntimeExportAttribute(string name) : Attribute
    {
        public string Name => name;
    }

    /// <summary>Imports a symbol of the assembly files as a plain System V call.</summary>
    public sealed class RuntimeImportAttribute(string library, string name) : Attribute
    {
        public string Library => library;
        public string Name => name;
    }
}

namespace System.Runtime.CompilerServices
{
    public sealed class IsReadOnlyAttribute : Attribute { }
    public sealed class IsByRefLikeAttribute : Attribute { }
    public sealed class IsUnmanagedAttribute : Attribute { }
    public sealed class RequiredMemberAttribute : Attribute { }
    public sealed class SkipLocalsInitAttribute : Attribute { }
    public sealed class UnsafeValueTypeAttribute : Attribute { }
    public sealed class CompilerGeneratedAttribute : Attribute { }
    public sealed class IntrinsicAttribute : Attribute { }
    public sealed class CompilerFeatureRequiredAttribute(string name) : Attribute { public string Name => name; }
    public sealed class FixedBufferAttribute(Type element, int length) : Attribute { public Type Element => element; public int Length => length; }
    public sealed class MethodImplAttribute(MethodImplOptions options) : Attribute { public MethodImplOptions Value => options; }
    public enum MethodImplOptions { NoInlining = 8, AggressiveInlining = 256, InternalCall = 4096 }

    public static class RuntimeFeature
    {
        public const string UnmanagedSignatureCallingConvention = nameof(UnmanagedSignatureCallingConvention);
        public const string ByRefFields = nameof(ByRefFields);
    }

    public static class IsVolatile { }

    /// <summary>ilc puts the body in: a reference becomes a pointer. Statics never move here, and a <c>fixed</c> statement would cost vector registers.</summary>
    public static unsafe class Unsafe
    {
        [Intrinsic] public static void* AsPointer<T>(ref T value) => null;
    }
}

namespace System.Runtime.InteropServices
{
    public enum LayoutKind { Sequential = 0, Explicit = 2, Auto = 3 }
    public enum UnmanagedType { }
    public enum CharSet { None = 1, Ansi = 2 }

    public sealed class StructLayoutAttribute(LayoutKind kind) : Attribute
    {
        public LayoutKind Value => kind;
        public int Pack;
        public int Size;
        public CharSet CharSet;
    }

    public sealed class FieldOffsetAttribute(int offset) : Attribute { public int Value => offset; }
    public sealed class InAttribute : Attribute { }
    public sealed class OutAttribute : Attribute { }
}

namespace System
{
    public abstract class Type { }
}

namespace System.Reflection
{
    public sealed class DefaultMemberAttribute(string name) : Attribute { public string Name => name; }
}

namespace System.Diagnostics.CodeAnalysis
{
    public sealed class DoesNotReturnAttribute : Attribute { }
    public sealed class UnscopedRefAttribute : Attribute { }
}
