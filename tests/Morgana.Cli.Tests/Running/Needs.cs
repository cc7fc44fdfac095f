using Morgana.Build;

namespace Morgana.Cli.Tests.Running;

/// <summary>A test which needs programs of the system, and perhaps root.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsFactAttribute : FactAttribute
{
    public NeedsFactAttribute(params string[] programs) => Skip = Needs.Missing(programs);
}

/// <summary>A theory which needs programs of the system, and perhaps root.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsTheoryAttribute : TheoryAttribute
{
    public NeedsTheoryAttribute(params string[] programs) => Skip = Needs.Missing(programs);
}

internal static class Needs
{
    /// <summary>Stands for the right to make interfaces and network namespaces.</summary>
    public const string Root = "root";

    public static string? Missing(string[] programs)
    {
        foreach (string program in programs)
        {
            if (program == Root && !Environment.IsPrivilegedProcess) return "needs root";
            if (program == Root && !File.Exists("/dev/net/tun")) return "needs /dev/net/tun: modprobe tun";
            if (program != Root && Toolchain.FindProgram(program) is null) return $"needs the program '{program}'; ./test installs it";
        }

        return null;
    }
}
