using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Morgana.SystemNative;

/// <summary>A program that knows nothing of us does not say when it has everything it needs: where the runner locks it in, that is before its first line.</summary>
internal static class EarlySeal
{
    private const string Variable = "MORGANA_SEAL";

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255:The 'ModuleInitializer' attribute should not be used in libraries", Justification = "In an image it runs before the program, which calls nothing of this library.")]
    internal static void CloseIfAsked()
    {
        if (Environment.GetEnvironmentVariable(Variable) != "start") return;
        // What the program may read is opened first, and the network: the seal lets nobody do so later.
        _ = Console.In;
        _ = HostNetwork.Loop;
    }
}
