using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Morgana.Build.Json;

/// <summary>Whether a program seems to serialize types of its own by reflection: whoever does not should not pay for it.</summary>
internal static class JsonUse
{
    private const string Context = "JsonSerializerContext";

    // What serializes, and what it is told with. A document that is read without types needs none.
    private static readonly string[] s_namespaces = ["System.Net.Http.Json", "Microsoft.AspNetCore.Http.HttpResults", "Microsoft.AspNetCore.Mvc", "Microsoft.AspNetCore.SignalR", "Microsoft.AspNetCore.Components"];
    private static readonly string[] s_types = ["JsonSerializer", "ControllerEndpointRouteBuilderExtensions", "MvcServiceCollectionExtensions", "SignalRDependencyInjectionExtensions"];

    // Of these not what describes types, which code that the compiler makes for every minimal API refers to.
    private const string Attributes = "System.Text.Json.Serialization";

    private static readonly string[] s_results = ["Results", "TypedResults"], s_bodies = ["HttpResponseJsonExtensions", "HttpRequestJsonExtensions"];

    /// <summary>Looks at what the assemblies refer to. One that has a context of its own knows which types it serializes.</summary>
    public static bool IsLikely(IEnumerable<string> own)
    {
        bool isUsed = false;
        foreach (string file in own)
        {
            using var assembly = new PEReader(File.OpenRead(file));
            var reader = assembly.GetMetadataReader();
            if (reader.TypeDefinitions.Any(t => IsContext(reader, reader.GetTypeDefinition(t).BaseType))) return false;
            isUsed |= HasValues(reader) || reader.TypeReferences.Any(t => Serializes(reader, reader.GetTypeReference(t))) || reader.MemberReferences.Any(m => IsResult(reader, reader.GetMemberReference(m)));
        }

        return isUsed;
    }

    private static bool IsContext(MetadataReader reader, EntityHandle type) =>
        type.Kind == HandleKind.TypeReference && reader.StringComparer.Equals(reader.GetTypeReference((TypeReferenceHandle)type).Name, Context);

    private static bool Serializes(MetadataReader reader, TypeReference type)
    {
        string space = reader.GetString(type.Namespace);
        return space == Attributes || s_namespaces.Any(n => space.StartsWith(n, StringComparison.Ordinal)) || s_types.Contains(reader.GetString(type.Name), StringComparer.Ordinal);
    }

    // Minimal APIs that answer with a type, or take one: the code that the compiler makes for them asks for its JsonTypeInfo<T>. For those that do not,
    // it does so for object alone, and in code for any T.
    private static bool HasValues(MetadataReader reader)
    {
        for (int i = 1; i <= reader.GetTableRowCount(TableIndex.TypeSpec); i++)
        {
            var signature = reader.GetBlobReader(reader.GetTypeSpecification(MetadataTokens.TypeSpecificationHandle(i)).Signature);
            // ECMA-335 II.23.2.12: GENERICINST, CLASS, the type.
            if (signature.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance || signature.ReadCompressedInteger() != (int)SignatureTypeKind.Class) continue;
            if (signature.ReadTypeHandle() is { Kind: HandleKind.TypeReference } type && reader.StringComparer.Equals(reader.GetTypeReference((TypeReferenceHandle)type).Name, "JsonTypeInfo`1") && IsKnown(signature)) return true;
        }

        for (int i = 1; i <= reader.GetTableRowCount(TableIndex.MethodSpec); i++)
        {
            var method = reader.GetMethodSpecification(MetadataTokens.MethodSpecificationHandle(i));
            if (method.Method.Kind != HandleKind.MemberReference || reader.GetMemberReference((MemberReferenceHandle)method.Method).Parent is not { Kind: HandleKind.TypeReference } parent) continue;
            var signature = reader.GetBlobReader(method.Signature);
            // ECMA-335 II.23.2.15.
            _ = signature.ReadSignatureHeader();
            if (s_bodies.Contains(reader.GetString(reader.GetTypeReference((TypeReferenceHandle)parent).Name), StringComparer.Ordinal) && IsKnown(signature)) return true;
        }

        return false;
    }

    // How many arguments, and the first of them: a type, or one that only a caller knows.
    private static bool IsKnown(BlobReader arguments) => arguments.ReadCompressedInteger() > 0
        && arguments.ReadSignatureTypeCode() is not (SignatureTypeCode.Object or SignatureTypeCode.GenericTypeParameter or SignatureTypeCode.GenericMethodParameter);

    // Of the results of minimal APIs those of a value: Ok<T>(T), and not BadRequest(object = null).
    private static bool IsResult(MetadataReader reader, MemberReference member) =>
        member.Parent.Kind == HandleKind.TypeReference && s_results.Contains(reader.GetString(reader.GetTypeReference((TypeReferenceHandle)member.Parent).Name), StringComparer.Ordinal)
        && (reader.GetBlobReader(member.Signature).ReadSignatureHeader().IsGeneric || reader.StringComparer.Equals(member.Name, "Json"));
}
