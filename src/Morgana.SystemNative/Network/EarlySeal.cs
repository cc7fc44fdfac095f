using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Morgana.Composition;

namespace Morgana.SystemNative;

/// <summary>A program that knows nothing of us does not say when it has everything it needs: where the runner locks it in, that is before its first line.</summary>
internal static class EarlySeal
{
    private const string Variable = "MORGANA_SEAL";

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255:The 'ModuleInitializer' attribute should not be used in libraries", Justification = "In an image it runs before the program, which calls nothing of this library.")]
    internal static void CloseIfAsked()
    {
        // What is mounted has to be open before: then that is done first (Morgana.SystemNative.Files).
        if (!HasMounts) Close();
    }

    /// <summary>Whether the runner has handed over something to mount.</summary>
    internal static bool HasMounts => Environment.GetEnvironmentVariable(DeviceHandle.Variable)?.Contains(",mount=", StringComparison.Ordinal) ?? false;

    /// <summary>Closes the seal, if it is to be closed at the start.</summary>
    internal static void Close()
    {
        if (Environment.GetEnvironmentVariable(Variable) != "start") return;
        // What the program may read is opened first, and the network: the seal lets nobody do so later.
        _ = Console.In;
        _ = HostNetwork.Loop;
    }
}
