using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Runtime.CompilerServices;

namespace Morgana.Build.Json;

/// <summary>The types that a program's own code names: those which it declares, and those which it makes of others, such as <c>List&lt;Point&gt;</c>.</summary>
internal static class ProgramTypes
{
    /// <summary>All of one assembly, each as it stands there; what is still open is left out.</summary>
    public static IEnumerable<Type> Of(Assembly assembly) =>
        Declared(assembly).Where(t => !t.IsGenericTypeDefinition).Concat(Made(assembly)).SelectMany(Parts).Where(t => !IsCode(t));

    /// <summary>What an assembly declares, as far as what it refers to is there.</summary>
    public static IEnumerable<Type> Declared(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException e)
        {
            return e.Types.OfType<Type>();
        }
    }

    // Closures, state machines and the like hold no data of the program's; an anonymous type does.
    private static bool IsCode(Type type) => type is { IsAbstract: true, IsSealed: true } || typeof(Attribute).IsAssignableFrom(type) || typeof(Delegate).IsAssignableFrom(type)
        || typeof(IAsyncStateMachine).IsAssignableFrom(type)
        || (type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) && !type.Name.Contains("AnonymousType", StringComparison.Ordinal));

    // ECMA-335 II.22.39 TypeSpec, II.22.29 MethodSpec; and the signatures of what is declared.
    private static IEnumerable<Type> Made(Assembly assembly)
    {
        Module module = assembly.ManifestModule;
        foreach (int token in Tokens(assembly, TableIndex.TypeSpec))
            if (Resolve(() => module.ResolveType(token)) is { } type) yield return type;
        foreach (int token in Tokens(assembly, TableIndex.MethodSpec))
            foreach (var argument in Resolve(() => module.ResolveMethod(token)!.GetGenericArguments()) ?? []) yield return argument;

        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        foreach (var method in Declared(assembly).Where(t => !t.IsGenericTypeDefinition).SelectMany(t => Resolve(() => t.GetMethods(All)) ?? []))
            foreach (var type in Resolve(() => method.GetParameters().Select(p => p.ParameterType).Append(method.ReturnType).ToArray()) ?? []) yield return type;
    }

    private static IEnumerable<int> Tokens(Assembly assembly, TableIndex table)
    {
        using var file = new PEReader(File.OpenRead(assembly.Location));
        int rows = file.GetMetadataReader().GetTableRowCount(table);
        return Enumerable.Range(1, rows).Select(row => ((int)table << 24) | row);
    }

    // A type that is open needs arguments which are known where it is used alone, and one whose library is not there cannot be resolved.
    private static T? Resolve<T>(Func<T> what) where T : class
    {
        try
        {
            return what();
        }
        catch (Exception e) when (e is ArgumentException or BadImageFormatException or TypeLoadException or IOException)
        {
            return null;
        }
    }

    // A task of a type is answered as that type, and so is whatever else is made of it.
    private static IEnumerable<Type> Parts(Type type)
    {
        if (type.IsByRef || type.IsPointer) return Parts(type.GetElementType()!);
        IEnumerable<Type> inner = type.IsArray ? Parts(type.GetElementType()!) : type.GetGenericArguments().SelectMany(Parts);
        return type.ContainsGenericParameters || type.IsByRefLike || type == typeof(void) || typeof(Delegate).IsAssignableFrom(type) ? inner : inner.Append(type);
    }
}
