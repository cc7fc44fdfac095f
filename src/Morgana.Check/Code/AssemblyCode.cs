using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Morgana.Check.Code;

/// <summary>A method calls another, or uses a field.</summary>
/// <param name="Target">What it names.</param>
/// <param name="Offset">Where in its code.</param>
internal readonly record struct Use(MemberName Target, int Offset);

/// <summary>The code of one assembly: what each of its methods uses, and where that stands in the source.</summary>
internal sealed class AssemblyCode : IDisposable
{
    private readonly PEReader _file;
    private readonly MetadataReader _metadata;
    private readonly MetadataReaderProvider? _symbols;
    private readonly Dictionary<MemberName, List<MethodDefinitionHandle>> _methods = [];

    /// <summary>Opens an assembly, with its symbols if there are any.</summary>
    /// <exception cref="BadImageFormatException">It is none.</exception>
    public AssemblyCode(string path)
    {
        _file = new PEReader(File.OpenRead(path));
        _metadata = _file.GetMetadataReader();
        Names = new Names(_metadata);
        if (_file.TryOpenAssociatedPortablePdb(path, p => File.Exists(p) ? File.OpenRead(p) : null, out _symbols, out _) is false) _symbols = null;
        foreach (var handle in _metadata.MethodDefinitions)
        {
            var name = Names.Method(handle);
            if (!_methods.TryGetValue(name, out var same)) _methods[name] = same = [];
            same.Add(handle);
        }
    }

    /// <summary>The assembly's names.</summary>
    public Names Names { get; }

    /// <summary>Every method.</summary>
    public IReadOnlyCollection<MemberName> Methods => _methods.Keys;

    /// <summary>What the methods of that name use.</summary>
    /// <exception cref="BadImageFormatException">The code of one of them is none.</exception>
    public IEnumerable<Use> Uses(MemberName method)
    {
        if (!_methods.TryGetValue(method, out var handles)) return [];
        try
        {
            return [.. handles.SelectMany(Uses)];
        }
        catch (BadImageFormatException e)
        {
            throw new BadImageFormatException($"{method.Assembly}.dll: the code of {method.Type}.{method.Name} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The native library that the method is a function of; null for a method with code.</summary>
    public string? NativeLibrary(MemberName method)
    {
        if (!_methods.TryGetValue(method, out var handles)) return null;
        foreach (var handle in handles)
        {
            var definition = _metadata.GetMethodDefinition(handle);
            if (definition.Attributes.HasFlag(MethodAttributes.PinvokeImpl) && definition.GetImport().Module is { IsNil: false } module) return _metadata.GetString(_metadata.GetModuleReference(module).Name);
        }

        return null;
    }

    /// <summary>Where in the source a method's code at an offset comes from; null without symbols.</summary>
    public (string File, int Line)? Source(MemberName method, int offset)
    {
        if (_symbols is null || !_methods.TryGetValue(method, out var handles)) return null;
        var symbols = _symbols.GetMetadataReader();
        // Among overloads, the one that uses something there.
        var handle = handles.FirstOrDefault(h => Uses(h).Any(u => u.Offset == offset));
        if (handle.IsNil) return null;
        var points = symbols.GetMethodDebugInformation(handle).GetSequencePoints().Where(p => !p.IsHidden && p.Offset <= offset).ToArray();
        if (points.Length == 0) return null;
        var point = points.MaxBy(p => p.Offset);
        return (symbols.GetString(symbols.GetDocument(point.Document).Name), point.StartLine);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _symbols?.Dispose();
        _file.Dispose();
    }

    private IEnumerable<Use> Uses(MethodDefinitionHandle handle)
    {
        int address = _metadata.GetMethodDefinition(handle).RelativeVirtualAddress;
        if (address == 0) yield break;
        foreach (var (offset, token) in Instructions.Tokens(_file.GetMethodBody(address).GetILReader()))
            if (Names.Member(token) is { } target) yield return new(target, offset);
    }
}
