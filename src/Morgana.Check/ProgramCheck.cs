using Morgana.Check.Code;

namespace Morgana.Check;

/// <summary>What a compiled program calls that its image does not do.</summary>
public static class ProgramCheck
{
    // Functions of these are within the image, or are asked for behind a question for the system alone.
    private static readonly string[] s_linked = ["libc", "libSystem.Native", "libSystem.Globalization.Native", "libSystem.IO.Compression.Native", "libSystem.Security.Cryptography.Native.OpenSsl", "libSystem.Net.Security.Native", "*", "QCall"];
    private static readonly string[] s_ofOthers = ["kernel32", "kernelbase", "advapi32", "ntdll", "user32", "ws2_32", "mswsock", "crypt32", "secur32", "sspicli", "bcrypt", "ncrypt", "ole32", "oleaut32", "shell32", "iphlpapi", "dnsapi", "psapi", "dbghelp", "netapi32", "version", "rstrtmgr", "libobjc", "libSystem", "libproc"];

    /// <summary>Looks through a program and its packages.</summary>
    /// <param name="response">What the ahead-of-time compiler was given, as a response file.</param>
    /// <param name="report">What it says that it has compiled (<c>IlcGenerateMstatFile</c>).</param>
    /// <param name="folder">The project's folder.</param>
    /// <returns>What was found, the worst first, each place once.</returns>
    /// <exception cref="BadImageFormatException">One of the files is damaged.</exception>
    public static IReadOnlyList<Finding> Run(string response, string report, string folder) =>
        Run(ReferenceAssembly.ReadAll(response, folder).Where(r => r.Origin != Origin.Platform), CompiledMethods.Read(report), folder);

    internal static IReadOnlyList<Finding> Run(IEnumerable<ReferenceAssembly> references, CompiledMethods compiled, string folder)
    {
        var assemblies = new Dictionary<string, AssemblyCode>(StringComparer.Ordinal);
        var origins = new Dictionary<string, ReferenceAssembly>(StringComparer.Ordinal);
        try
        {
            foreach (var reference in references)
            {
                var code = new AssemblyCode(reference.Path);
                if (!assemblies.TryAdd(code.Names.Assembly, code)) code.Dispose();
                else origins[code.Names.Assembly] = reference;
            }

            var found = from method in Reachable.Find(assemblies, compiled)
                        from finding in Look(assemblies[method.Assembly], origins[method.Assembly], method, assemblies, compiled, folder)
                        select finding;
            return [.. found.Distinct().OrderBy(f => f.Verdict).ThenBy(f => f.Line == 0).ThenBy(f => f.Place, StringComparer.Ordinal).ThenBy(f => f.Line).ThenBy(f => f.What, StringComparer.Ordinal)];
        }
        finally
        {
            foreach (var code in assemblies.Values) code.Dispose();
        }
    }

    private static IEnumerable<Finding> Look(AssemblyCode code, ReferenceAssembly origin, MemberName method, Dictionary<string, AssemblyCode> assemblies, CompiledMethods compiled, string folder)
    {
        foreach (var use in code.Uses(method))
        {
            if (assemblies.TryGetValue(use.Target.Assembly, out var own))
            {
                if (own.NativeLibrary(use.Target) is not { } library || IsThere(library)) continue;
                var (place, line) = Place(code, origin, method, use.Offset, folder);
                yield return new(Verdict.Fails, $"{use.Target.Name} of the native library '{library}'", place, line, "DllNotFoundException: a static image loads no libraries", "a package written in C# alone, or a service over the network");
            }
            else if (Rules.Find(use.Target) is { } rule && (use.Target.Parameters < 0 || compiled.HasType(use.Target.Type)))
            {
                var (place, line) = Place(code, origin, method, use.Offset, folder);
                yield return new(rule.Verdict, Spell(use.Target), place, line, rule.Why, rule.Instead);
            }
        }
    }

    private static bool IsThere(string library)
    {
        string name = library.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) || library.EndsWith(".so", StringComparison.Ordinal) ? library[..library.LastIndexOf('.')] : library;
        return s_linked.Contains(name, StringComparer.Ordinal) || s_ofOthers.Contains(name, StringComparer.OrdinalIgnoreCase)
            || name.StartsWith("/System/Library/", StringComparison.Ordinal) || name.StartsWith("api-ms-win-", StringComparison.OrdinalIgnoreCase) || name.StartsWith("libc.so", StringComparison.Ordinal);
    }

    private static (string Place, int Line) Place(AssemblyCode code, ReferenceAssembly origin, MemberName method, int offset, string folder)
    {
        // What a package was built from is not on this machine.
        if (origin.Origin != Origin.Program || code.Source(method, offset) is not { } source) return ($"{origin.Name}, {SourceName.Of(method)}", 0);
        string file = Path.GetRelativePath(folder, source.File);
        return (file.StartsWith("../../", StringComparison.Ordinal) ? source.File : file, source.Line);
    }

    // A property as one writes it.
    private static string Spell(MemberName target)
    {
        string type = target.Type[(target.Type.LastIndexOfAny(['.', '+']) + 1)..];
        int arity = type.IndexOf('`', StringComparison.Ordinal);
        if (arity > 0) type = type[..arity];
        return target.Name switch
        {
            ".ctor" => "new " + type,
            ['g' or 's', 'e', 't', '_', .. var property] => $"{type}.{property}",
            var name => $"{type}.{name}",
        };
    }
}
