namespace Morgana.Devices.Tests.Tap;

/// <summary>A test that makes interfaces; skipped, with the reason, where that is not possible.</summary>
public sealed class NeedsTapFactAttribute : FactAttribute
{
    public NeedsTapFactAttribute() => Skip = NeedsTap.SkipReason;
}

/// <summary>Like <see cref="NeedsTapFactAttribute"/>, for theories.</summary>
public sealed class NeedsTapTheoryAttribute : TheoryAttribute
{
    public NeedsTapTheoryAttribute() => Skip = NeedsTap.SkipReason;
}

internal static class NeedsTap
{
    public static string? SkipReason { get; } =
        !Environment.IsPrivilegedProcess ? "needs root, to make tap interfaces"
        : !File.Exists("/dev/net/tun") ? "needs /dev/net/tun: modprobe tun"
        : !Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(d => File.Exists(Path.Combine(d, "ip"))) ? "needs the program ip: apt-get install iproute2"
        : null;
}
