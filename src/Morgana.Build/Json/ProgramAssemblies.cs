using System.Reflection;
using System.Runtime.Loader;

namespace Morgana.Build.Json;

/// <summary>A program's assemblies and the libraries that it is compiled with, loaded to be looked at.</summary>
/// <remarks>
/// What the running .NET has itself is taken from there, but System.Text.Json: that one is asked what it will do, so it has to be the one that
/// the image gets.
/// </remarks>
internal sealed class ProgramAssemblies : AssemblyLoadContext
{
    private const string Json = "System.Text.Json";
    private readonly Dictionary<string, string> _files = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _platform;

    public ProgramAssemblies(IEnumerable<string> own, IEnumerable<string> references) : base("program")
    {
        foreach (string file in own.Concat(references)) _files.TryAdd(Path.GetFileNameWithoutExtension(file), file);
        string trusted = AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string ?? "";
        string platform = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        // What lies beside this command itself is no part of the platform.
        _platform = [.. trusted.Split(':').Where(f => Path.GetDirectoryName(f) == platform).Select(f => Path.GetFileNameWithoutExtension(f)!)];
        _platform.Remove(Json);
        Own = [.. own.Select(LoadFromAssemblyPath)];
    }

    /// <summary>The program and the libraries of its own.</summary>
    public IReadOnlyList<Assembly> Own { get; }

    /// <summary>System.Text.Json as it will be in the image.</summary>
    public Assembly Serializer => LoadFromAssemblyName(new(Json));

    /// <summary>Whether the program's own code refers to a library.</summary>
    public bool IsUsed(string library) => Own.Any(a => a.GetReferencedAssemblies().Any(r => r.Name == library));

    /// <summary>Whether the image is made of it among others.</summary>
    public bool Has(string library) => _files.ContainsKey(library);

    /// <summary>A library that the image is made of.</summary>
    public Assembly Get(string library) => LoadFromAssemblyName(new(library));

    /// <summary>A type of a library's; null where there is no such library, or it has no such type.</summary>
    public Type? Find(string library, string type) => Has(library) ? Get(library).GetType(type) : null;

    protected override Assembly? Load(AssemblyName name) =>
        name.Name is { } simple && !_platform.Contains(simple) && _files.TryGetValue(simple, out string? file) ? LoadFromAssemblyPath(file) : null;
}
