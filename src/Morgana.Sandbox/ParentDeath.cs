using System.Runtime.InteropServices;

namespace Morgana.Sandbox;

/// <summary>A guest does not outlive its runner.</summary>
public static class ParentDeath
{
    private const nint SetParentDeathSignal = 1, Kill = 9;

    /// <summary>Has the kernel end this process when the thread that started it ends (prctl(2), PR_SET_PDEATHSIG).</summary>
    /// <param name="parent">The process that started this one.</param>
    /// <returns>Whether it is there still: if it ended before the call, no signal comes.</returns>
    /// <exception cref="SandboxException">The kernel refuses.</exception>
    public static bool Follow(int parent)
    {
        if (Libc.Call(Libc.Prctl, SetParentDeathSignal, Kill, 0, 0, 0) != 0)
            throw new SandboxException($"prctl(PR_SET_PDEATHSIG): {Marshal.GetLastPInvokeErrorMessage()}");
        return Libc.GetParent() == parent;
    }
}
