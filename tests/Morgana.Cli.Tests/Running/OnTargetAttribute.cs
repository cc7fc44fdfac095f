using System.Reflection;
using Morgana.Build;
using Xunit.Sdk;

namespace Morgana.Cli.Tests.Running;

/// <summary>A row of a theory for one target of <c>run</c>, which is the first argument; skipped where the target is not to be had.</summary>
/// <param name="target">As the command has it.</param>
/// <param name="rest">The other arguments.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class OnTargetAttribute(string target, params object[] rest) : DataAttribute
{
    /// <inheritdoc/>
    public override string? Skip { get; set; } = target switch
    {
        "sandbox" when !SandboxFactAttribute.IsPossible => "this kernel has no landlock",
        "vm" when Toolchain.FindProgram("qemu-system-x86_64") is null => "needs the program 'qemu-system-x86_64'; ./test installs it",
        _ => null,
    };

    /// <inheritdoc/>
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[target, .. rest]];
}
