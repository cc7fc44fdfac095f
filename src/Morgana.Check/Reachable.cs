using Morgana.Check.Code;

namespace Morgana.Check;

/// <summary>Which methods of a program and its packages are in the image.</summary>
/// <remarks>
/// Those that the compiler lists, and what they call: a small method that was inlined wherever it is called is not listed. A call that the
/// compiler has removed, as behind <c>OperatingSystem.IsWindows()</c>, still counts, if its target is in the code that is looked at.
/// </remarks>
internal static class Reachable
{
    /// <summary>All of them, by assembly.</summary>
    public static HashSet<MemberName> Find(IReadOnlyDictionary<string, AssemblyCode> assemblies, CompiledMethods compiled)
    {
        var reached = new HashSet<MemberName>(compiled.Methods.Where(m => assemblies.ContainsKey(m.Assembly)));
        var next = new Queue<MemberName>(reached);
        while (next.TryDequeue(out var method))
        {
            foreach (var use in assemblies[method.Assembly].Uses(method))
                if (use.Target.Parameters >= 0 && assemblies.ContainsKey(use.Target.Assembly) && reached.Add(use.Target)) next.Enqueue(use.Target);
        }

        return reached;
    }
}
