using System.Collections;
using System.Reflection;

namespace Morgana.Build.Json;

/// <summary>System.Text.Json itself, asked which of its generic types it makes at run time for a type of the program.</summary>
internal sealed class Serializer
{
    private const BindingFlags Any = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance;
    private readonly object _options;
    private readonly MethodInfo _describe;

    public Serializer(Assembly json)
    {
        Type options = json.GetType("System.Text.Json.JsonSerializerOptions", throwOnError: true)!;
        object resolver = Activator.CreateInstance(json.GetType("System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver", throwOnError: true)!)!;
        _options = Activator.CreateInstance(options)!;
        options.GetProperty("TypeInfoResolver")!.SetValue(_options, resolver);
        // Whoever serializes fields needs their types as well.
        options.GetProperty("IncludeFields")!.SetValue(_options, true);
        _describe = options.GetMethod("GetTypeInfo", [typeof(Type)])!;
    }

    /// <summary>What it knows of a type; null if it does not serialize it.</summary>
    public JsonType? Describe(Type type)
    {
        try
        {
            object info = _describe.Invoke(_options, [type])!;
            object converter = Value(info, "Converter")!;
            var properties = ((IEnumerable)Value(info, "Properties")!).Cast<object>().ToArray();
            return new(
                type,
                Value(info, "Kind")!.ToString()!,
                [info.GetType(), converter.GetType(), .. properties.Select(p => p.GetType()), .. properties.Select(p => Value(p, "CustomConverter")?.GetType()).OfType<Type>()],
                [.. properties.Select(p => (Type)Value(p, "PropertyType")!), .. new[] { Value(info, "ElementType"), Value(info, "KeyType") }.OfType<Type>()]);
        }
        catch (TargetInvocationException)
        {
            // It says so when the program runs, too, and better.
            return null;
        }
    }

    private static object? Value(object of, string property) =>
        of.GetType().GetProperty(property, Any) is { } found ? found.GetValue(of) : throw new BuildException($"System.Text.Json's {of.GetType().Name} has no {property}: <MorganaJsonReflection>false</MorganaJsonReflection> builds without it.");
}

/// <summary>What System.Text.Json knows of a type.</summary>
/// <param name="Type">The type.</param>
/// <param name="Kind">None, Object, Enumerable or Dictionary.</param>
/// <param name="Made">The types of its own that it makes for it.</param>
/// <param name="Next">The types of properties, elements and keys.</param>
internal sealed record JsonType(Type Type, string Kind, Type[] Made, Type[] Next);
