using Morgana.Check.Code;

namespace Morgana.Check;

/// <summary>The parts of .NET that an image does not do, or does otherwise: docs/any-program.md in a form that a program can look up.</summary>
internal static class Rules
{
    private const string NoDynamicCode = "PlatformNotSupportedException: all code of an image was compiled before it starts";
    private const string NoLibraries = "DllNotFoundException: a static image loads no libraries";
    private const string NoIpv6 = "there is no IPv6 yet: a socket of it is refused (AddressFamilyNotSupported), as on a Linux without IPv6";

    private static readonly Rule[] s_all =
    [
        new("System.Diagnostics.Process", ["Start", "Kill"], Verdict.Fails, "PlatformNotSupportedException: an image is one program, and has no other to start or end", "do the work in the program itself, or leave it to another machine"),
        new("System.Reflection.Assembly", ["LoadFrom", "LoadFile", "UnsafeLoadFrom"], Verdict.Fails, NoDynamicCode, "refer to the assembly in the project"),
        new("System.Runtime.Loader.AssemblyLoadContext", ["LoadFromAssemblyPath", "LoadFromStream", "LoadFromNativeImagePath"], Verdict.Fails, NoDynamicCode, "refer to the assembly in the project"),
        new("System.Reflection.Emit.AssemblyBuilder", ["DefineDynamicAssembly"], Verdict.Fails, NoDynamicCode, "a source generator"),
        new("System.Reflection.Emit.DynamicMethod", [".ctor"], Verdict.Fails, NoDynamicCode, "a source generator"),
        new("System.Reflection.DispatchProxy", ["Create"], Verdict.Fails, NoDynamicCode, "a class that implements the interface"),
        new("System.Runtime.InteropServices.NativeLibrary", ["Load"], Verdict.Fails, NoLibraries, "a package written in C# alone, or a service over the network"),
        new("System.Runtime.InteropServices.NativeLibrary", ["TryLoad"], Verdict.Differs, "it finds nothing: a static image loads no libraries", null),
        new("System.Net.Quic.QuicConnection", ["ConnectAsync"], Verdict.Fails, "PlatformNotSupportedException: QUIC is a native library, and a static image loads none", "HTTP/2"),
        new("System.Net.Quic.QuicListener", ["ListenAsync"], Verdict.Fails, "PlatformNotSupportedException: QUIC is a native library, and a static image loads none", "HTTP/2"),
        new("System.Net.Security.NegotiateAuthentication", [".ctor"], Verdict.Fails, "Kerberos and NTLM are native libraries, and a static image loads none", "passwords over TLS, or client certificates"),

        new("System.Net.IPAddress", ["IPv6Any", "IPv6Loopback"], Verdict.Differs, NoIpv6, "IPAddress.Any, IPAddress.Loopback"),
        new("System.Net.Sockets.Socket", ["set_DualMode"], Verdict.Differs, NoIpv6, "a socket of AddressFamily.InterNetwork"),
        new("System.Globalization.CultureInfo", [".ctor", "GetCultureInfo", "CreateSpecificCulture"], Verdict.Differs, "every culture can be named, and formats and compares as the invariant one does", null),
        new("System.IO.FileSystemWatcher", [".ctor"], Verdict.Differs, "on /app nothing ever happens; elsewhere it is refused", "read the file again from time to time"),
        new("System.Diagnostics.Process", ["GetProcesses", "GetProcessesByName", "GetProcessById"], Verdict.Differs, "the program is the only process", null),
        new("System.Net.NetworkInformation.IPGlobalProperties", ["GetIPv6GlobalStatistics"], Verdict.Fails, "FileNotFoundException: there is no IPv6 yet, and so none of Linux's files about it", "GetIPv4GlobalStatistics"),
        new("System.Net.NetworkInformation.NetworkChange", ["add_NetworkAddressChanged", "add_NetworkAvailabilityChanged"], Verdict.Differs, "a change is never told: there is none", null),
        new("System.Diagnostics.Tracing.EventListener", [".ctor"], Verdict.Differs, "no event source of .NET writes events: EventSourceSupport is false in an image", "ILogger, Meter and ActivityListener"),
    ];

    private static readonly ILookup<string, Rule> s_byType = s_all.ToLookup(r => r.Type, StringComparer.Ordinal);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Rule> All => s_all;

    /// <summary>The rule for a method or field of .NET's; null if an image does what Linux does.</summary>
    public static Rule? Find(MemberName target) => s_byType[target.Type].FirstOrDefault(r => r.Matches(target.Name));
}
