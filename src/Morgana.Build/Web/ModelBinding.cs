using System.Reflection;
using System.Runtime.CompilerServices;
using Morgana.Build.Json;

namespace Morgana.Build.Web;

/// <summary>What MVC makes at run time of the types that actions take and answer with: binders of collections, and awaiters.</summary>
/// <remarks>For reference types the compiler has one code for all, and <c>object</c> stands for them here; a value type needs its own.</remarks>
internal sealed class ModelBinding(ProgramAssemblies assemblies, KeptTypes kept)
{
    private const string Library = "Microsoft.AspNetCore.Mvc.Core", Binders = "Microsoft.AspNetCore.Mvc.ModelBinding.Binders.";

    /// <summary>Whether the program has actions at all.</summary>
    public bool IsUsed { get; } = assemblies.IsUsed(Library) || assemblies.IsUsed("Microsoft.AspNetCore.Mvc.RazorPages");

    /// <summary>Keeps what every action needs: that nothing is answered before the task has come to its end is found out by its members' names, too.</summary>
    public void Keep()
    {
        if (!IsUsed) return;
        kept.Whole.UnionWith([typeof(Task), typeof(TaskAwaiter), typeof(ValueTask), typeof(ValueTaskAwaiter)]);
        KeepAnswer(typeof(Task<object>));
        KeepCollection(typeof(List<object>));
        KeepCollection(typeof(Dictionary<object, object>));
    }

    /// <summary>Keeps what shows an enumeration in a form.</summary>
    public void KeepEnum(Type type)
    {
        if (IsUsed) kept.KeepMethods(Find("Microsoft.AspNetCore.Mvc.ViewFeatures", "Microsoft.AspNetCore.Mvc.ViewFeatures.DefaultHtmlGenerator"), type);
    }

    /// <summary>Keeps what binds a collection, and what looks through its elements to validate them.</summary>
    public void KeepCollection(Type type)
    {
        if (!IsUsed || type == typeof(string)) return;
        foreach (var (key, value) in Made(type, typeof(IDictionary<,>)).Select(a => (a[0], a[1])))
        {
            kept.KeepConstructed(Find(Library, Binders + "DictionaryModelBinder`2"), key, value);
            kept.KeepConstructed(Find(Library, Binders + "KeyValuePairModelBinder`2"), key, value);
            kept.KeepConstructed(typeof(Dictionary<,>), key, value);
            kept.KeepMethods(Find("Microsoft.AspNetCore.Mvc.ViewFeatures", "Microsoft.AspNetCore.Mvc.ViewFeatures.TryGetValueProvider"), key, value);
        }

        foreach (var element in Made(type, typeof(IEnumerable<>)).Select(a => a[0]))
        {
            kept.KeepConstructed(Find(Library, Binders + "ArrayModelBinder`1"), element);
            kept.KeepConstructed(Find(Library, Binders + "CollectionModelBinder`1"), element);
            kept.KeepConstructed(typeof(List<>), element);
            kept.KeepMethods(Find(Library, "Microsoft.AspNetCore.Mvc.ModelBinding.Validation.DefaultCollectionValidationStrategy"), element);
            kept.KeepMethods(Find(Library, "Microsoft.AspNetCore.Mvc.ModelBinding.PropertyValueSetter"), element);
        }
    }

    /// <summary>Keeps what an answer is awaited with: its members are looked for by name.</summary>
    public void KeepAnswer(Type type)
    {
        if (!IsUsed || !type.IsGenericType || type.ContainsGenericParameters) return;
        Type definition = type.GetGenericTypeDefinition();
        if (definition != typeof(Task<>) && definition != typeof(ValueTask<>)) return;
        Type answer = Shared(type.GetGenericArguments()[0]);
        KeepAwaiters(kept, answer);
        kept.KeepMethods(FindNested("Microsoft.AspNetCore.Mvc.RazorPages", "Microsoft.AspNetCore.Mvc.RazorPages.Infrastructure.ExecutorFactory", "GenericTaskHandlerMethod"), answer);
    }

    /// <summary>Keeps what a task's answer of a type is awaited with.</summary>
    public static void KeepAwaiters(KeptTypes kept, Type answer)
    {
        foreach (var awaited in new[] { typeof(Task<>), typeof(TaskAwaiter<>), typeof(ValueTask<>), typeof(ValueTaskAwaiter<>) }) kept.Whole.Add(awaited.MakeGenericType(answer));
    }

    /// <summary>What stands for a type where the compiler has one code for several.</summary>
    public static Type Shared(Type type) => type.IsValueType ? type : typeof(object);

    private static IEnumerable<Type[]> Made(Type type, Type definition)
    {
        IEnumerable<Type> interfaces = type.IsInterface ? type.GetInterfaces().Append(type) : type.GetInterfaces();
        return interfaces.Where(i => i.IsGenericType && i.GetGenericTypeDefinition() == definition).Select(i => i.GetGenericArguments().Select(Shared).ToArray());
    }

    private Type? Find(string library, string type) => assemblies.Find(library, type);

    private Type? FindNested(string library, string type, string nested) => Find(library, type)?.GetNestedType(nested, BindingFlags.NonPublic | BindingFlags.Public);
}
