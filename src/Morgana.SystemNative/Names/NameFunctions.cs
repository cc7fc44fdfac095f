using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Morgana.Core;

namespace Morgana.SystemNative;

/// <summary>An address as names lead to it: the layout of .NET's platform layer.</summary>
internal unsafe struct HostAddress
{
    public fixed byte Address[16];
    public uint IsIpv6;
    public uint ScopeId;
}

/// <summary>What a name leads to: the layout of .NET's platform layer.</summary>
internal unsafe struct HostEntry
{
    public byte* CanonicalName;
    public byte** Aliases;
    public HostAddress* Addresses;
    public int AddressCount;
}

/// <summary>getaddrinfo(3), getnameinfo(3) and gethostname(2), over our resolver.</summary>
/// <remarks>
/// A call waits, as these functions do; .NET makes it on the thread pool where a program asks without waiting. Safety: what is handed over
/// lies in native memory, which <see cref="Free"/> gives back as a whole.
/// </remarks>
internal static unsafe class NameFunctions
{
    // By .NET's numbers of EAI_AGAIN, …
    public const int Success = 0, TryAgain = 1, BadFlags = 2, Failed = 3, BadFamily = 4, NoName = 5, BadArgument = 6, NoMemory = 8;

    private static readonly SearchValues<char> s_nameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._");
    private const int NameRequired = 1;
    private const int Numeric = 2;

    public static int Resolve(byte* address, int family, HostEntry* entry)
    {
        if (address is null || entry is null) return BadArgument;
        *entry = default;
        if (family == 23) return NoName;            // There is no IPv6.
        if (family is not (0 or 2)) return BadFamily;
        string name = Marshal.PtrToStringUTF8((nint)address) ?? "";
        int error = Find(name, out var found);
        if (error != Success) return error;
        entry->CanonicalName = (byte*)Marshal.StringToCoTaskMemUTF8(name);
        entry->Addresses = (HostAddress*)NativeMemory.AllocZeroed((nuint)found.Length, (nuint)sizeof(HostAddress));
        entry->AddressCount = found.Length;
        for (int i = 0; i < found.Length; i++) found[i].Ipv4.WriteTo(new(entry->Addresses[i].Address, 4));
        return Success;
    }

    public static void Free(HostEntry* entry)
    {
        if (entry is null) return;
        Marshal.FreeCoTaskMem((nint)entry->CanonicalName);
        NativeMemory.Free(entry->Addresses);
        *entry = default;
    }

    public static int Name(byte* address, int addressLength, bool isIpv6, byte* host, int hostLength, byte* service, int serviceLength, int flags)
    {
        if (address is null || addressLength < 4) return BadArgument;
        if ((flags & ~(NameRequired | Numeric)) != 0) return BadFlags;
        if (isIpv6) return BadFamily;
        var wanted = Ipv4Address.Read(new(address, 4));
        if (host is not null && hostLength > 0)
        {
            string? name = null;
            int error = (flags & Numeric) != 0 ? NoName : FindName(wanted, out name);
            // getnameinfo(3): without a name the number will do, unless it must be one.
            if (error != Success && (flags & NameRequired) != 0) return error;
            if (!TryWrite(name ?? wanted.ToString(), host, hostLength)) return NoMemory;
        }

        return service is null || serviceLength <= 0 || TryWrite("0", service, serviceLength) ? Success : NoMemory;
    }

    /// <returns>0, or -1 with <c>errno</c>.</returns>
    public static int HostName(byte* name, int length) => TryWrite(HostNetwork.Name, name, length) ? 0 : Outcome.Fail(Error.ENAMETOOLONG);

    public static int DomainName(byte* name, int length) => TryWrite("(none)", name, length) ? 0 : Outcome.Fail(Error.EINVAL);

    private static int Find(string name, out IpAddress[] found)
    {
        found = [];
        if (name.Length == 0) return NoName;
        if (Ipv4Address.TryParse(name, out var literal))
        {
            found = [literal];
            return Success;
        }

        // RFC 1123 2.1: what is no host's name is asked of nobody.
        if (IPAddress.TryParse(name, out _) || name.Length > 255 || name.AsSpan().ContainsAnyExcept(s_nameCharacters)) return NoName;
        if (string.Equals(name, HostNetwork.Name, StringComparison.OrdinalIgnoreCase))
        {
            var own = HostInterfaces.Addresses();
            found = new IpAddress[own.Count];
            for (int i = 0; i < found.Length; i++) found[i] = own[i];
            if (found.Length == 0) found = [Ipv4Address.Loopback];
            return Success;
        }

        int error = Ask(() => HostNetwork.Loop.ResolveAsync(name).AsTask(), out var answer);
        found = answer is null ? [] : Array.FindAll(answer, a => a.IsIpv4);
        return error == Success && found.Length == 0 ? NoName : error;
    }

    // RFC 1035 3.5. Addresses that nobody can know, and ours, are asked of nobody.
    private static int FindName(Ipv4Address address, out string? name)
    {
        name = KnownName(address);
        if (name is not null) return Success;
        if (address.IsLoopback || address.Value == 0 || address.IsMulticast || address == Ipv4Address.Broadcast) return NoName;
        int error = Ask<string?>(() => HostNetwork.Loop.ResolveAsync(address).AsTask(), out name);
        return error == Success && name is null ? NoName : error;
    }

    private static int Ask<T>(Func<Task<T>> question, out T? answer)
    {
        answer = default;
        try
        {
            answer = question().GetAwaiter().GetResult();
            return Success;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode switch
            {
                SocketError.HostNotFound or SocketError.NoData => NoName,
                // Where nobody could be asked, Linux says that it may go better later.
                _ => TryAgain,
            };
        }
    }

    private static string? KnownName(Ipv4Address address) =>
        address == Ipv4Address.Loopback ? "localhost" : HostInterfaces.Addresses().Contains(address) ? HostNetwork.Name : null;

    private static bool TryWrite(string text, byte* destination, int length)
    {
        int count = Encoding.UTF8.GetByteCount(text);
        if (destination is null || count >= length) return false;
        Encoding.UTF8.GetBytes(text, new Span<byte>(destination, length));
        destination[count] = 0;
        return true;
    }
}
