using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;

namespace Morgana.SystemNative.Tests.Platform;

/// <summary>The platform's functions that the framework in use calls, against the list that we know: a new version of .NET is noticed by names.</summary>
public class PlatformFunctionTests
{
    private static readonly string[] s_assemblies =
    [
        "System.Net.Sockets", "System.Net.NameResolution", "System.Net.Primitives", "System.Net.NetworkInformation", "System.Net.Ping",
    ];

    /// <summary>Functions of the networking assemblies that stay the platform's, and why.</summary>
    private static readonly Dictionary<string, string> s_platforms = new(StringComparer.Ordinal)
    {
        // Address arithmetic and constants, called without a transition of the collector: never to be replaced.
        ["GetPort"] = "arithmetic",
        ["SetPort"] = "arithmetic",
        ["GetAddressFamily"] = "arithmetic",
        ["SetAddressFamily"] = "arithmetic",
        ["GetIPv4Address"] = "arithmetic",
        ["SetIPv4Address"] = "arithmetic",
        ["GetIPv6Address"] = "arithmetic",
        ["SetIPv6Address"] = "arithmetic",
        ["GetSocketAddressSizes"] = "constants",
        ["GetDomainSocketSizes"] = "constants",
        ["GetMaximumAddressSize"] = "constants",
        ["GetControlMessageBufferSize"] = "constants",
        ["PlatformSupportsDualModeIPv4PacketInfo"] = "constants",
        ["TryGetIPPacketInformation"] = "parses what we wrote",
        ["ConvertErrorPlatformToPal"] = "constants",
        ["ConvertErrorPalToPlatform"] = "constants",
        ["StrErrorR"] = "constants",
        ["GetErrNo"] = "the C library's own",
        ["SetErrNo"] = "the C library's own",
        ["CreateSocketEventBuffer"] = "memory",
        ["FreeSocketEventBuffer"] = "memory",
        ["Malloc"] = "memory",
        ["Calloc"] = "memory",
        ["Free"] = "memory",
        ["MapTcpState"] = "constants",
        ["Select"] = "of another system",
        ["GetWasiSocketDescriptor"] = "of another system",
    };

    /// <summary>Functions that do not serve our network yet: docs/any-program.md lists them with what happens instead.</summary>
    private static readonly string[] s_missing =
    [
        // Of other systems.
        "EnumerateGatewayAddressesForInterface", "GetNumRoutes",
        "GetTcpGlobalStatistics", "GetUdpGlobalStatistics", "GetIPv4GlobalStatistics", "GetIcmpv4GlobalStatistics", "GetIcmpv6GlobalStatistics",
        "GetEstimatedTcpConnectionCount", "GetActiveTcpConnectionInfos", "GetEstimatedUdpListenerCount", "GetActiveUdpListeners", "GetNativeIPInterfaceStatistics",
        // Of files, which .NET's networking reads /proc and /etc with.
        "Open", "OpenDir", "ReadDir", "ReadDirR", "CloseDir", "Stat", "LStat", "FLock", "PosixFAdvise", "MkDir", "Unlink", "Rename", "Access", "GetCwd", "PRead", "PWrite",
        "FTruncate", "FSync", "FAllocate", "GetFileSystemType", "ReadLink", "GetReadDirRBufferSize", "PReadV", "PWriteV", "ChMod", "FChMod", "UTimensat", "FUTimens", "RmDir", "Link", "SymLink",
        // Of processes: Ping starts the system's own where it may not open a raw socket.
        "GetEUid", "GetUid", "SysConf", "Kill",
    ];

    [Fact]
    public void Every_platform_function_of_the_networking_assemblies_is_known()
    {
        var replaced = Replaced().Keys.ToHashSet(StringComparer.Ordinal);
        var unknown = s_assemblies.SelectMany(Imports).Select(i => i.Name).Distinct()
            .Where(name => !replaced.Contains(name) && !s_platforms.ContainsKey(name) && !s_missing.Contains(name));
        Assert.Empty(unknown);
    }

    // Such a call gives the collector no chance, and ends the process in managed code.
    [Fact]
    public void Nothing_that_is_called_without_a_transition_is_replaced()
    {
        var direct = s_assemblies.Append("System.Private.CoreLib").SelectMany(Imports).Where(i => i.IsDirect).Select(i => i.Name).ToHashSet(StringComparer.Ordinal);
        Assert.Contains("GetErrNo", direct);
        Assert.Empty(Replaced().Keys.Intersect(direct));
    }

    [Fact]
    public void Every_function_that_we_replace_is_one_of_the_platforms()
    {
        nint library = NativeLibrary.Load(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "libSystem.Native.so"));
        // ReadDirR and OpenDir changed their names between versions, and Connectx came with one.
        string[] ofAnotherVersion = ["ReadDirR", "ReadDir", "Connectx"];
        var strangers = Replaced().Keys.Except(ofAnotherVersion).Where(name => !NativeLibrary.TryGetExport(library, "SystemNative_" + name, out _)).ToArray();
        Assert.Empty(strangers);
    }

    /// <summary>What an entry point takes is what .NET gives: as many parameters, in the same order of sizes.</summary>
    [Fact]
    public void Entry_points_take_as_many_parameters_as_the_framework_passes()
    {
        var replaced = Replaced();
        var wrong = s_assemblies.SelectMany(Imports).Where(i => replaced.TryGetValue(i.Name, out int count) && count != i.Parameters)
            .Select(i => $"{i.Name}: {i.Parameters} are passed, {replaced[i.Name]} are taken");
        Assert.Empty(wrong);
    }

    private static Dictionary<string, int> Replaced()
    {
        var names = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var type in typeof(Descriptors).Assembly.GetTypes())
        {
            foreach (var method in type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            {
                if (method.GetCustomAttribute<UnmanagedCallersOnlyAttribute>()?.EntryPoint is not { } name) continue;
                Assert.StartsWith("__wrap_SystemNative_", name, StringComparison.Ordinal);
                names.Add(name["__wrap_SystemNative_".Length..], method.GetParameters().Length);
            }
        }

        Assert.NotEmpty(names);
        return names;
    }

    private static IEnumerable<(string Name, bool IsDirect, int Parameters)> Imports(string assembly)
    {
        string path = Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), assembly + ".dll");
        using var file = new PEReader(File.OpenRead(path));
        var metadata = file.GetMetadataReader();
        var imports = new List<(string, bool, int)>();
        foreach (var handle in metadata.MethodDefinitions)
        {
            var method = metadata.GetMethodDefinition(handle);
            if ((method.Attributes & MethodAttributes.PinvokeImpl) == 0) continue;
            var import = method.GetImport();
            if (import.Module.IsNil || metadata.GetString(metadata.GetModuleReference(import.Module).Name) != "libSystem.Native") continue;
            string name = metadata.GetString(import.Name);
            if (!name.StartsWith("SystemNative_", StringComparison.Ordinal)) continue;
            var signature = metadata.GetBlobReader(method.Signature);
            signature.ReadSignatureHeader();
            imports.Add((name["SystemNative_".Length..], IsDirect(metadata, method), signature.ReadCompressedInteger()));
        }

        Assert.NotEmpty(imports);
        return imports;
    }

    private static bool IsDirect(MetadataReader metadata, MethodDefinition method) => method.GetCustomAttributes().Any(handle =>
    {
        var constructor = metadata.GetCustomAttribute(handle).Constructor;
        var type = constructor.Kind == HandleKind.MemberReference
            ? metadata.GetMemberReference((MemberReferenceHandle)constructor).Parent
            : metadata.GetMethodDefinition((MethodDefinitionHandle)constructor).GetDeclaringType();
        return type.Kind switch
        {
            HandleKind.TypeReference => metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)type).Name),
            HandleKind.TypeDefinition => metadata.GetString(metadata.GetTypeDefinition((TypeDefinitionHandle)type).Name),
            _ => "",
        } == "SuppressGCTransitionAttribute";
    });
}
