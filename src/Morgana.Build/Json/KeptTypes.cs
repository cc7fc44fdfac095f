using System.Reflection;
using System.Runtime.CompilerServices;
using Morgana.Build.Web;

namespace Morgana.Build.Json;

/// <summary>Which types an image has to have so that System.Text.Json and ASP.NET Core find those that they make, or look for, at run time.</summary>
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
    private readonly ModelBinding _binding;
    private readonly Pages _pages;
    private readonly HashSet<Type> _seen = [];
    private readonly Queue<Type> _next = new();

    private KeptTypes(ProgramAssemblies assemblies)
    {
        _own = [.. assemblies.Own];
        _serializer = new(assemblies.Serializer);
        _binding = new(assemblies, this);
        _pages = new(assemblies, this);
    }

    /// <summary>Types of which whatever makes one is needed: those of System.Text.Json, and collections.</summary>
    public HashSet<Type> Constructed { get; } = [];

    /// <summary>Types of which everything is needed, since their members are looked for by name: the program's own, tuples and pairs.</summary>
    public HashSet<Type> Whole { get; } = [];

    /// <summary>Methods that are made generic at run time, such as those that make a collection which has no constructor; by what they are.</summary>
    public Dictionary<string, (Type Declaring, string Name, Type[] Arguments)> Methods { get; } = [];

    /// <summary>Libraries of which everything is needed.</summary>
    public HashSet<string> Assemblies { get; } = [];

    /// <summary>Goes through all that the program may serialize.</summary>
    public static KeptTypes Of(ProgramAssemblies assemblies)
    {
        var kept = new KeptTypes(assemblies);
        foreach (var type in assemblies.Own.SelectMany(ProgramTypes.Of))
        {
            kept.Consider(type, isNamed: true);
            kept._binding.KeepAnswer(type);
        }

        foreach (var (assembly, type) in s_problems)
            if (assemblies.IsUsed(assembly)) kept.KeepData(assemblies.Find(assembly, type));
        kept._binding.Keep();
        kept._pages.Keep();
        while (kept._next.TryDequeue(out var type)) kept.Consider(type, isNamed: false);
        return kept;
    }

    /// <summary>Keeps a generic type, made of these, so that it can be constructed; nothing where the platform does not have it.</summary>
    public void KeepConstructed(Type? definition, params Type[] arguments)
    {
        if (Make(definition, arguments) is { } made) Constructed.Add(made);
    }

    /// <summary>Keeps all of a generic type, made of these.</summary>
    public void KeepWhole(Type? definition, params Type[] arguments)
    {
        if (Make(definition, arguments) is { } made) Whole.Add(made);
    }

    /// <summary>Keeps a type's generic methods which take as many types, made of these.</summary>
    public void KeepMethods(Type? declaring, params Type[] arguments)
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        foreach (var method in declaring?.GetMethods(All).Where(m => m.IsGenericMethodDefinition && m.GetGenericArguments().Length == arguments.Length) ?? [])
            KeepMethod(declaring!, method.Name, arguments);
    }

    /// <summary>Keeps collections of a type that is not the program's own as something which is serialized.</summary>
    public void KeepCollections(Type element)
    {
        _next.Enqueue(element.MakeArrayType());
        _next.Enqueue(typeof(List<>).MakeGenericType(element));
    }

    private static Type? Make(Type? definition, Type[] arguments)
    {
        try
        {
            return definition?.MakeGenericType(arguments);
        }
        catch (ArgumentException)
        {
            // What is asked of the arguments they do not have, so that nobody else makes such a type either.
            return null;
        }
    }

    private void KeepMethod(Type declaring, string name, Type[] arguments) =>
        Methods.TryAdd($"{declaring}.{name}[{string.Join<Type>(',', arguments)}]", (declaring, name, arguments));

    /// <summary>Keeps a type that is not the program's own as something which is serialized.</summary>
    public void KeepData(Type? type)
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
        if (Factory(type) is { } factory) KeepMethod(factory, "CreateRange", type.GetGenericArguments());
        if (json.Kind is "Enumerable" or "Dictionary") _binding.KeepCollection(type);
        if (type.IsEnum) _binding.KeepEnum(type);
        if (type.IsValueType) _pages.KeepValue(type);
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
