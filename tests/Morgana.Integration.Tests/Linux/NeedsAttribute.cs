using System.Runtime.InteropServices;

namespace Morgana.Integration.Tests;

/// <summary>A test that needs root (for network namespaces and taps) and programs; it skips, and says why, where they are missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute(params string[] programs) => Skip = Requirements.Missing(programs);
}

/// <summary>A theory with the needs of <see cref="RootFactAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RootTheoryAttribute : TheoryAttribute
{
    public RootTheoryAttribute(params string[] programs) => Skip = Requirements.Missing(programs);
}

internal static partial class Requirements
{
    public static string? Missing(string[] programs)
    {
        if (GetEffectiveUserId() != 0) return "needs root, to make network namespaces";
        if (!File.Exists("/dev/net/tun")) return "needs /dev/net/tun";
        foreach (string program in programs.Append("ip"))
            if (Find(program) is null) return $"needs the program '{program}'; ./test installs it";
        return null;
    }

    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin").Split(':').Select(d => Path.Combine(d, program)).FirstOrDefault(File.Exists);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUserId();
}
