using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Morgana.Build.Json;

/// <summary>Whether a program seems to serialize types of its own by reflection: whoever does not should not pay for it.</summary>
internal static class JsonUse
{
    private const string Context = "JsonSerializerContext";

    // What serializes, and what it is told with. A document that is read without types needs none.
    private static readonly string[] s_namespaces = ["System.Text.Json.Serialization", "System.Net.Http.Json", "Microsoft.AspNetCore.Http.HttpResults", "Microsoft.AspNetCore.Mvc", "Microsoft.AspNetCore.SignalR"];
    private static readonly string[] s_types = ["JsonSerializer", "HttpResponseJsonExtensions", "HttpRequestJsonExtensions", "ControllerEndpointRouteBuilderExtensions", "MvcServiceCollectionExtensions", "SignalRDependencyInjectionExtensions"];

    private static readonly string[] s_results = ["Results", "TypedResults"];

    /// <summary>Looks at what the assemblies refer to. One that has a context of its own knows which types it serializes.</summary>
    public static bool IsLikely(IEnumerable<string> own)
    {
        bool isUsed = false;
        foreach (string file in own)
        {
            using var assembly = new PEReader(File.OpenRead(file));
            var reader = assembly.GetMetadataReader();
            if (reader.TypeDefinitions.Any(t => IsContext(reader, reader.GetTypeDefinition(t).BaseType))) return false;
            isUsed |= reader.TypeReferences.Any(t => Serializes(reader, reader.GetTypeReference(t))) || reader.MemberReferences.Any(m => IsResult(reader, reader.GetMemberReference(m)));
        }

        return isUsed;
    }

    private static bool IsContext(MetadataReader reader, EntityHandle type) =>
        type.Kind == HandleKind.TypeReference && reader.StringComparer.Equals(reader.GetTypeReference((TypeReferenceHandle)type).Name, Context);

    private static bool Serializes(MetadataReader reader, TypeReference type)
    {
        string space = reader.GetString(type.Namespace);
        return s_namespaces.Any(n => space.StartsWith(n, StringComparison.Ordinal)) || s_types.Contains(reader.GetString(type.Name), StringComparer.Ordinal);
    }

    // Of the results of minimal APIs those of a value: Ok<T>(T), and not BadRequest(object = null).
    private static bool IsResult(MetadataReader reader, MemberReference member) =>
        member.Parent.Kind == HandleKind.TypeReference && s_results.Contains(reader.GetString(reader.GetTypeReference((TypeReferenceHandle)member.Parent).Name), StringComparer.Ordinal)
        && (reader.GetBlobReader(member.Signature).ReadSignatureHeader().IsGeneric || reader.StringComparer.Equals(member.Name, "Json"));
}
