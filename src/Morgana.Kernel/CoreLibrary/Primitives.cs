// The types that the C# compiler and ilc ask for by name: the least that makes a language out of no runtime. docs/kernel.md, "C# without a runtime".
namespace System
{
    public unsafe class Object
    {
        private readonly Internal.Runtime.MethodTable* _methodTable;
    }

    public abstract class ValueType { }
    public abstract class Enum : ValueType { }
    public abstract class Delegate { }
    public abstract class MulticastDelegate : Delegate { }
    public abstract class Array { }
    public class Attribute { }
    public class Exception { }

    public struct Void { }
    public struct Boolean { }
    public struct Char { }
    public struct SByte { }
    public struct Byte { }
    public struct Int16 { }
    public struct UInt16 { }
    public struct Int32 { }
    public struct UInt32 { public const uint MaxValue = 0xffff_ffff; }
    public struct Int64 { }
    public struct UInt64 { public const ulong MaxValue = 0xffff_ffff_ffff_ffff; }
    public struct IntPtr { }
    public struct UIntPtr { }
    public struct Single { }
    public struct Double { }
    public struct Nullable<T> where T : struct { }
    public struct RuntimeTypeHandle { }
    public struct RuntimeMethodHandle { }
    public struct RuntimeFieldHandle { }

    public sealed class String
    {
        private readonly int _stringLength;
        private readonly char _firstChar;
    }

    public enum AttributeTargets { All = 0x7fff }

    public sealed class AttributeUsageAttribute(AttributeTargets targets) : Attribute
    {
        public AttributeTargets ValidOn => targets;
        public bool AllowMultiple { get; set; }
        public bool Inherited { get; set; }
    }

    public sealed class FlagsAttribute : Attribute { }
    public sealed class ParamArrayAttribute : Attribute { }
}

namespace Internal.Runtime
{
    /// <summary>What every object's first field points at. The kernel makes no objects.</summary>
    public struct MethodTable { }
}
