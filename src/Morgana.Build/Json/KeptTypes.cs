using System.Reflection;
using System.Runtime.CompilerServices;

namespace Morgana.Build.Json;

/// <summary>Which generic types an image has to have so that System.Text.Json finds those that it makes at run time.</summary>
/// <remarks>
/// For reference types the compiler has one code for all. A type made of a value type needs its own, and so does what is made of both.
/// </remarks>
internal sealed class KeptTypes
{
    // What ASP.NET Core answers with where something is wrong: the program's code does not name them.
    private static readonly (string Assembly, string Type)[] s_problems =
    [
        ("Microsoft.AspNetCore.Http.Abstractions", "Microsoft.AspNetCore.Mvc.ProblemDetails"),
        ("Microsoft.AspNetCore.Http.Abstractions", "Microsoft.AspNetCore.Http.HttpValidationProblemDetails"),
        ("Microsoft.AspNetCore.Mvc.Core", "Microsoft.AspNetCore.Mvc.ValidationProblemDetails"),
    ];

    private readonly HashSet<Assembly> _own;
    private readonly Serializer _serializer;
    private readonly HashSet<Type> _seen = [];
    private readonly Queue<Type> _next = new();

    private KeptTypes(ProgramAssemblies assemblies)
    {
        _own = [.. assemblies.Own];
        _serializer = new(assemblies.Serializer);
    }

    /// <summary>Types of which whatever makes one is needed: those of System.Text.Json, and collections.</summary>
    public HashSet<Type> Constructed { get; } = [];

    /// <summary>Types of which everything is needed, since their members are looked for by name: the program's own, tuples and pairs.</summary>
    public HashSet<Type> Whole { get; } = [];

    /// <summary>Methods that make a collection which has no constructor.</summary>
    public HashSet<(Type Factory, string Name, Type Made)> Factories { get; } = [];

    /// <summary>Goes through all that the program may serialize.</summary>
    public static KeptTypes Of(ProgramAssemblies assemblies)
    {
        var kept = new KeptTypes(assemblies);
        foreach (var type in assemblies.Own.SelectMany(ProgramTypes.Of)) kept.Consider(type, isNamed: true);
        foreach (var (assembly, type) in s_problems)
            if (assemblies.IsUsed(assembly)) kept.KeepWhole(assemblies.LoadFromAssemblyName(new(assembly)).GetType(type));
        while (kept._next.TryDequeue(out var type)) kept.Consider(type, isNamed: false);
        return kept;
    }

    private void KeepWhole(Type? type)
    {
        if (type is null || _serializer.Describe(type) is not { } json) return;
        Whole.Add(type);
        Constructed.UnionWith(json.Made.Where(t => t.IsGenericType));
        foreach (var next in json.Next) _next.Enqueue(next);
    }

    private void Consider(Type type, bool isNamed)
    {
        if (_seen.Contains(type) || _serializer.Describe(type) is not { } json) return;
        // What a program's code is made of besides its data, such as builders and awaiters of tasks; as part of its data they count.
        if (isNamed && json.Kind == "Object" && !IsData(type)) return;
        if (isNamed && json.Kind == "None" && !type.IsValueType) return;
        _seen.Add(type);

        Constructed.UnionWith(json.Made.Where(t => t.IsGenericType));
        if (IsOwn(type) || (type.IsGenericType && json.Kind == "Object")) Whole.Add(type);
        else if (type.IsGenericType) Constructed.Add(type);
        if (Factory(type) is { } factory) Factories.Add((factory, "CreateRange", type));
        // Of a class of .NET's or a package's nothing more is known to be the program's data.
        if (json.Kind == "Object" && !IsData(type) && !type.IsValueType) return;
        foreach (var next in json.Next) _next.Enqueue(next);
        if (Nullable.GetUnderlyingType(type) is { } underlying) _next.Enqueue(underlying);
        // What a query makes is a collection with a name of its own, and as good as this one.
        if (json is { Kind: "Enumerable", Next: [.., var element] } && element.IsValueType) _next.Enqueue(typeof(IEnumerable<>).MakeGenericType(element));
    }

    private bool IsOwn(Type type) => _own.Contains(type.Assembly);

    private bool IsData(Type type) => IsOwn(type) || (type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>) || typeof(ITuple).IsAssignableFrom(type)));

    // ImmutableArray<T> is made by ImmutableArray, and IImmutableSet<T> as an ImmutableHashSet<T>.
    private static Type? Factory(Type type)
    {
        if (type is not { IsGenericType: true, Namespace: "System.Collections.Immutable" }) return null;
        string name = type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)];
        if (type.IsInterface) name = name == "IImmutableSet" ? "ImmutableHashSet" : name[1..];
        return type.Assembly.GetType($"{type.Namespace}.{name}");
    }
}
