using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Morgana.Check.Code;

/// <summary>What the ahead-of-time compiler has put into an image, by its own report (<c>IlcGenerateMstatFile</c>).</summary>
/// <remarks>
/// The report is an assembly. Its global method <c>Methods</c> names every compiled method by a token, as if it used it. What was inlined
/// wherever it is called is not among them.
/// </remarks>
internal sealed class CompiledMethods
{
    private readonly HashSet<MemberName> _methods;
    private readonly HashSet<string> _types;

    /// <summary>These.</summary>
    public CompiledMethods(IEnumerable<MemberName> methods)
    {
        _methods = [.. methods];
        _types = [.. _methods.Select(m => m.Type)];
    }

    /// <summary>Reads a report.</summary>
    /// <exception cref="BadImageFormatException">It is none.</exception>
    public static CompiledMethods Read(string report)
    {
        using var stream = File.OpenRead(report);
        using var file = new PEReader(stream);
        var metadata = file.GetMetadataReader();
        var names = new Names(metadata);
        int list = metadata.MethodDefinitions.Select(metadata.GetMethodDefinition).Where(m => IsList(metadata, m)).Select(m => m.RelativeVirtualAddress).FirstOrDefault();
        if (list == 0) throw new BadImageFormatException($"{report} lists no methods.");
        return new(Instructions.Tokens(file.GetMethodBody(list).GetILReader()).Select(t => names.Member(t.Operand)).OfType<MemberName>());
    }

    /// <summary>All of them.</summary>
    public IReadOnlyCollection<MemberName> Methods => _methods;

    /// <summary>Whether any method of a type has been compiled.</summary>
    public bool HasType(string type) => _types.Contains(type);

    private static bool IsList(MetadataReader metadata, MethodDefinition method) =>
        metadata.StringComparer.Equals(method.Name, "Methods") && metadata.StringComparer.Equals(metadata.GetTypeDefinition(method.GetDeclaringType()).Name, "<Module>");
}
