using System.Reflection.Metadata;

namespace Morgana.Check.Code;

/// <summary>What the handles of an assembly's metadata mean, by name.</summary>
internal sealed class Names(MetadataReader metadata)
{
    private readonly Dictionary<EntityHandle, MemberName?> _members = [];

    /// <summary>The simple name of the assembly itself.</summary>
    public string Assembly { get; } = metadata.GetString(metadata.GetAssemblyDefinition().Name);

    /// <summary>The method or field; null for anything else, and for members of arrays and pointers.</summary>
    public MemberName? Member(EntityHandle handle)
    {
        if (_members.TryGetValue(handle, out var known)) return known;
        MemberName? name = handle.Kind switch
        {
            HandleKind.MethodDefinition => Method((MethodDefinitionHandle)handle),
            HandleKind.FieldDefinition => Field((FieldDefinitionHandle)handle),
            HandleKind.MemberReference => Reference((MemberReferenceHandle)handle),
            HandleKind.MethodSpecification => Member(metadata.GetMethodSpecification((MethodSpecificationHandle)handle).Method),
            _ => null,
        };
        return _members[handle] = name;
    }

    /// <summary>A method of this assembly.</summary>
    public MemberName Method(MethodDefinitionHandle handle)
    {
        var method = metadata.GetMethodDefinition(handle);
        return new(Assembly, Type(method.GetDeclaringType()), metadata.GetString(method.Name), CountParameters(metadata.GetBlobReader(method.Signature)));
    }

    private MemberName Field(FieldDefinitionHandle handle)
    {
        var field = metadata.GetFieldDefinition(handle);
        return new(Assembly, Type(field.GetDeclaringType()), metadata.GetString(field.Name), -1);
    }

    private MemberName? Reference(MemberReferenceHandle handle)
    {
        var member = metadata.GetMemberReference(handle);
        if (Home(member.Parent) is not { } home) return null;
        int parameters = member.GetKind() == MemberReferenceKind.Method ? CountParameters(metadata.GetBlobReader(member.Signature)) : -1;
        return new(home.Assembly, home.Type, metadata.GetString(member.Name), parameters);
    }

    private (string Assembly, string Type)? Home(EntityHandle parent) => parent.Kind switch
    {
        HandleKind.TypeDefinition => (Assembly, Type((TypeDefinitionHandle)parent)),
        HandleKind.TypeReference => Reference((TypeReferenceHandle)parent),
        HandleKind.TypeSpecification => Generic((TypeSpecificationHandle)parent),
        HandleKind.MethodDefinition => (Assembly, Type(metadata.GetMethodDefinition((MethodDefinitionHandle)parent).GetDeclaringType())),
        _ => null,
    };

    // ECMA-335 II.23.2.12: GENERICINST (CLASS | VALUETYPE) TypeDefOrRefOrSpecEncoded ...
    private (string Assembly, string Type)? Generic(TypeSpecificationHandle handle)
    {
        var signature = metadata.GetBlobReader(metadata.GetTypeSpecification(handle).Signature);
        if (signature.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance) return null;
        signature.ReadCompressedInteger();
        return Home(signature.ReadTypeHandle());
    }

    private (string Assembly, string Type)? Reference(TypeReferenceHandle handle)
    {
        var type = metadata.GetTypeReference(handle);
        string name = Join(type.Namespace, type.Name);
        return type.ResolutionScope.Kind switch
        {
            HandleKind.AssemblyReference => (metadata.GetString(metadata.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope).Name), name),
            HandleKind.TypeReference when Reference((TypeReferenceHandle)type.ResolutionScope) is { } outer => (outer.Assembly, outer.Type + "+" + name),
            HandleKind.ModuleDefinition => (Assembly, name),
            _ => null,
        };
    }

    private string Type(TypeDefinitionHandle handle)
    {
        var type = metadata.GetTypeDefinition(handle);
        string name = Join(type.Namespace, type.Name);
        return type.GetDeclaringType() is { IsNil: false } outer ? Type(outer) + "+" + name : name;
    }

    private string Join(StringHandle space, StringHandle name) => space.IsNil ? metadata.GetString(name) : metadata.GetString(space) + "." + metadata.GetString(name);

    // ECMA-335 II.23.2.1: a calling convention, how many type parameters if it is generic, and how many parameters.
    private static int CountParameters(BlobReader signature)
    {
        if (signature.ReadSignatureHeader().IsGeneric) signature.ReadCompressedInteger();
        return signature.ReadCompressedInteger();
    }
}
