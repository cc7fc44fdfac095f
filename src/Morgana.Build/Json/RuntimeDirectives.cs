using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

namespace Morgana.Build.Json;

/// <summary>Writes what the ahead-of-time compiler is to keep as it reads it: a file of runtime directives (<c>RdXmlFile</c>).</summary>
/// <remarks>A type's assembly is that of the libraries which the image is made of: .NET has moved types between the one that runs here and those.</remarks>
internal sealed class RuntimeDirectives
{
    private static readonly XNamespace s_namespace = "http://schemas.microsoft.com/netfx/2013/01/metadata";
    private readonly Dictionary<string, string> _homes = new(StringComparer.Ordinal);

    public RuntimeDirectives(IEnumerable<string> references)
    {
        foreach (string file in references.Where(f => Path.GetFileName(f).StartsWith("System.", StringComparison.Ordinal)))
        {
            using var assembly = new PEReader(File.OpenRead(file));
            var reader = assembly.GetMetadataReader();
            string name = reader.GetString(reader.GetAssemblyDefinition().Name);
            foreach (var handle in reader.TypeDefinitions)
            {
                var type = reader.GetTypeDefinition(handle);
                if (!type.IsNested) _homes.TryAdd($"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}", name);
            }
        }
    }

    public string Write(KeptTypes kept)
    {
        var constructed = kept.Constructed.Where(t => !kept.Whole.Contains(t)).Select(t => (Type: t, Method: Smallest(t))).Where(t => t.Method is not null)
            .Select(t => (Home(t.Type), Element(t.Type, new XElement(s_namespace + "Method", new XAttribute("Name", t.Method!)))));
        var whole = kept.Whole.Select(t => (Home(t), Element(t, new XAttribute("Dynamic", "Required All"))));
        var methods = kept.Methods.Values.Select(m => (Home(m.Declaring), Element(m.Declaring, Method(m.Name, m.Arguments))));
        var assemblies = from directive in constructed.Concat(whole).Concat(methods)
                         orderby directive.Item2.Attribute("Name")!.Value
                         group directive.Item2 by directive.Item1 into types
                         orderby types.Key
                         select Assembly(types.Key, kept, types);
        var others = kept.Assemblies.Where(a => !assemblies.Any(e => e.Attribute("Name")!.Value == a)).Order().Select(a => Assembly(a, kept, []));
        return new XElement(s_namespace + "Directives", new XElement(s_namespace + "Application", assemblies, others)).ToString();
    }

    private static XElement Assembly(string name, KeptTypes kept, IEnumerable<XElement> types) =>
        new(s_namespace + "Assembly", new XAttribute("Name", name), kept.Assemblies.Contains(name) ? new XAttribute("Dynamic", "Required All") : null, types);

    // The compiler keeps a type for one of its methods, and takes it amiss if there is no such method: an interface has no constructor.
    private static string? Smallest(Type type) => type.IsInterface
        ? type.GetMethods().FirstOrDefault(m => !m.IsStatic && !m.IsGenericMethod)?.Name
        : type.GetConstructors(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance).Length > 0 ? ".ctor" : null;

    private XElement Method(string name, Type[] arguments) => new(s_namespace + "Method", new XAttribute("Name", name),
        arguments.Select(a => new XElement(s_namespace + "GenericArgument", new XAttribute("Name", Qualified(a)))));

    private XElement Element(Type type, object content) => new(s_namespace + "Type", new XAttribute("Name", Name(type)), content);

    private string Home(Type type)
    {
        Type outer = type;
        while (outer.DeclaringType is { } declaring) outer = declaring;
        string own = outer.Assembly.GetName().Name!;
        return outer.FullName is { } name && own.StartsWith("System.", StringComparison.Ordinal) && _homes.TryGetValue(name.Split('[')[0], out string? home) ? home : own;
    }

    // As Type.GetType reads it.
    private string Name(Type type)
    {
        if (type.IsArray) return Name(type.GetElementType()!) + (type.IsSZArray ? "[]" : $"[{new string(',', type.GetArrayRank() - 1)}]");
        if (!type.IsGenericType) return type.FullName!;
        return $"{type.GetGenericTypeDefinition().FullName}[{string.Join(',', type.GetGenericArguments().Select(a => $"[{Qualified(a)}]"))}]";
    }

    private string Qualified(Type type)
    {
        Type element = type;
        while (element.IsArray) element = element.GetElementType()!;
        return $"{Name(type)}, {Home(element)}";
    }
}
