namespace Morgana.SystemNative;

/// <summary>The host's interfaces as programs see them: <c>lo</c>, and the device's.</summary>
internal static class HostInterfaces
{
    /// <summary>The index of <c>lo</c>, as on Linux.</summary>
    public const int LoopbackIndex = 1;

    /// <summary>The index of the first device.</summary>
    public const int FirstIndex = 2;
}
