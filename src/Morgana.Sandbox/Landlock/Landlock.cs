using System.Runtime.InteropServices;

namespace Morgana.Sandbox;

/// <summary>Takes files, TCP sockets and signals to others from the calling thread, and from every process that it starts (landlock(7)).</summary>
public static unsafe class Landlock
{
    // landlock(7), "Landlock ABI versions": each version knows more actions. What a kernel does not know cannot be taken from anyone.
    private const ulong FileActions1 = (1UL << 13) - 1, FileActions2 = 1UL << 13, FileActions3 = 1UL << 14, FileActions5 = 1UL << 15;
    private const ulong BindAndConnectTcp = 3, AbstractSocketsAndSignals = 3;
    private const nint VersionFlag = 1, PathBeneath = 1, SetNoNewPrivileges = 38;

    /// <summary>The version of the interface that this kernel has; 0 where it has none, or landlock is not among its security modules.</summary>
    public static int Version => (int)Math.Max(0, Libc.Call(Libc.LandlockCreateRuleset, 0, 0, VersionFlag, 0, 0));

    /// <summary>
    /// Leaves to the calling thread, for good, only what <paramref name="rules"/> allow. It should do nothing afterwards but start a
    /// program: what .NET loads lazily it cannot load any more.
    /// </summary>
    /// <exception cref="SandboxException">The kernel has no landlock, or refuses.</exception>
    public static void RestrictThread(IReadOnlyList<PathRule> rules)
    {
        using LandlockRuleset ruleset = Prepare(rules);
        ruleset.RestrictThread();
    }

    /// <summary>Does all that may fail or has to load something, so that <see cref="LandlockRuleset.RestrictThread"/> need not.</summary>
    /// <exception cref="SandboxException">The kernel has no landlock, or refuses.</exception>
    public static LandlockRuleset Prepare(IReadOnlyList<PathRule> rules)
    {
        int version = Version;
        if (version == 0) throw new SandboxException("this kernel has no landlock (Linux 5.13, with landlock in the boot parameter lsm=): a sandbox cannot be made");
        var attributes = new RulesetAttributes
        {
            Files = FileActions1 | (version >= 2 ? FileActions2 : 0) | (version >= 3 ? FileActions3 : 0) | (version >= 5 ? FileActions5 : 0),
            Network = version >= 4 ? BindAndConnectTcp : 0,
            Scopes = version >= 6 ? AbstractSocketsAndSignals : 0,
        };
        // The kernel refuses an attribute of a size that its version does not know, unless the rest is zero: then it takes it.
        int ruleset = (int)Libc.Call(Libc.LandlockCreateRuleset, (nint)(&attributes), sizeof(RulesetAttributes), 0, 0, 0);
        if (ruleset < 0) throw Refused("landlock_create_ruleset");
        var made = new LandlockRuleset(ruleset);
        try
        {
            foreach (PathRule rule in rules) Allow(ruleset, rule);
            return made;
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    internal static void Restrict(int ruleset)
    {
        // prctl(2), PR_SET_NO_NEW_PRIVS: without it only a privileged thread may restrict itself. It belongs to the thread too.
        if (Libc.Call(Libc.Prctl, SetNoNewPrivileges, 1, 0, 0, 0) != 0) throw Refused("prctl(PR_SET_NO_NEW_PRIVS)");
        if (Libc.Call(Libc.LandlockRestrictSelf, ruleset, 0, 0, 0, 0) != 0) throw Refused("landlock_restrict_self");
    }

    private static void Allow(int ruleset, PathRule rule)
    {
        int path = Libc.Open(rule.Path, Libc.OpenPath | Libc.OpenCloseOnExec, 0);
        if (path < 0) return;                   // It is not there, and so nobody can do anything with it.
        try
        {
            var beneath = new PathBeneathAttributes { Allowed = (ulong)rule.Rights, Parent = path };
            if (Libc.Call(Libc.LandlockAddRule, ruleset, PathBeneath, (nint)(&beneath), 0, 0) != 0) throw Refused($"landlock_add_rule for {rule.Path}");
        }
        finally
        {
            _ = Libc.Close(path);
        }
    }

    private static SandboxException Refused(string call) => new($"{call}: {Marshal.GetLastPInvokeErrorMessage()}");

    /// <summary>struct landlock_ruleset_attr.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct RulesetAttributes
    {
        public ulong Files;
        public ulong Network;
        public ulong Scopes;
    }

    /// <summary>struct landlock_path_beneath_attr, which is packed.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private struct PathBeneathAttributes
    {
        public ulong Allowed;
        public int Parent;
    }
}

/// <summary>A prepared set of rules: a descriptor of the kernel.</summary>
public sealed class LandlockRuleset : IDisposable
{
    private int _descriptor;

    internal LandlockRuleset(int descriptor) => _descriptor = descriptor;

    /// <summary>Restricts the calling thread, for good. See <see cref="Landlock.RestrictThread"/>.</summary>
    /// <exception cref="SandboxException">The kernel refuses.</exception>
    public void RestrictThread() => Landlock.Restrict(_descriptor);

    /// <summary>Closes the descriptor; what was restricted stays so.</summary>
    public void Dispose()
    {
        if (_descriptor >= 0) _ = Libc.Close(_descriptor);
        _descriptor = -1;
    }
}
