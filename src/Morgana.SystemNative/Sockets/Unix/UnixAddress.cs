using System.Runtime.InteropServices;

namespace Morgana.SystemNative;

/// <summary>unix(7): a <c>sockaddr_un</c> that names something. A path, or a name without a file, which begins with NUL.</summary>
internal sealed class UnixAddress : IEquatable<UnixAddress>
{
    public const ushort Family = 1;

    private const int PathOffset = sizeof(ushort);
    private const int MaxName = 108;        // UNIX_PATH_MAX
    private readonly byte[] _name;

    private UnixAddress(ReadOnlySpan<byte> name) => _name = name.ToArray();

    /// <summary>Whether it names no file.</summary>
    public bool IsAbstract => _name[0] == 0;

    /// <summary>The path, without the NUL that ends it; or the name with the NUL that begins it.</summary>
    public ReadOnlySpan<byte> Name => _name;

    /// <summary><c>EINVAL</c> for another family, and for what is too short or too long.</summary>
    public static Error Read(ReadOnlySpan<byte> address, out UnixAddress? name)
    {
        name = null;
        if (address.Length is <= PathOffset or > PathOffset + MaxName || MemoryMarshal.Read<ushort>(address) != Family) return Error.EINVAL;
        var octets = address[PathOffset..];
        int end = octets.IndexOf((byte)0);
        // A path ends with its first NUL; in a name that begins with one, all that follow count.
        name = new(end > 0 ? octets[..end] : octets);
        return Error.Success;
    }

    /// <summary>Whether an address asks for a name that the system chooses.</summary>
    public static bool IsUnnamed(ReadOnlySpan<byte> address) => address.Length == PathOffset && MemoryMarshal.Read<ushort>(address) == Family;

    /// <summary>One of the names that the system chooses: five hexadecimal digits.</summary>
    public static UnixAddress Chosen(int number) => new(System.Text.Encoding.ASCII.GetBytes($"\0{number & 0xFFFFF:x5}"));

    /// <summary>Writes as much as fits, and says how long it is. Null is a socket without a name.</summary>
    public static int Write(UnixAddress? name, Span<byte> address)
    {
        Span<byte> whole = stackalloc byte[PathOffset + MaxName + 1];
        whole.Clear();
        ushort family = Family;
        MemoryMarshal.Write(whole, in family);
        name?._name.CopyTo(whole[PathOffset..]);
        int length = name is null ? PathOffset : PathOffset + name._name.Length + (name.IsAbstract ? 0 : 1);
        whole[..Math.Min(address.Length, length)].CopyTo(address);
        return length;
    }

    public bool Equals(UnixAddress? other) => other is not null && _name.AsSpan().SequenceEqual(other._name);

    public override bool Equals(object? obj) => Equals(obj as UnixAddress);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(_name);
        return hash.ToHashCode();
    }
}
