using System.Linq.Expressions;
using System.Reflection;
using Morgana.Build.Json;

namespace Morgana.Build.Web;

/// <summary>What views, Razor pages and components need: they and what they are filled with are found and set by reflection alone.</summary>
internal sealed class Pages(ProgramAssemblies assemblies, KeptTypes kept)
{
    private const string Views = "Microsoft.AspNetCore.Mvc.ViewFeatures", Components = "Microsoft.AspNetCore.Components";

    // What compiled views refer to by name or attribute, and helpers of tags that are made by their types' names.
    private static readonly string[] s_views = [Views, "Microsoft.AspNetCore.Mvc.Razor", "Microsoft.AspNetCore.Mvc.RazorPages", "Microsoft.AspNetCore.Mvc.TagHelpers"];

    // Forms are read into models by expressions which name these libraries' own members.
    private const string Endpoints = "Microsoft.AspNetCore.Components.Endpoints", Server = "Microsoft.AspNetCore.Components.Server", FormMapping = "Microsoft.AspNetCore.Components.Endpoints.FormMapping.";

    // What goes between a page and the circuit behind it as JSON. Both libraries have their own.
    private static readonly string[] s_messages = ["ServerComponent", "ComponentParameter", "ComponentMarker", "ComponentEndMarker", "RootComponentOperationBatch", "RootComponentOperation"];

    // Whose properties are set as a component's parameters.
    private static readonly string[] s_components = [Components, "Microsoft.AspNetCore.Components.Web", "Microsoft.AspNetCore.Components.Endpoints", "Microsoft.AspNetCore.Components.Forms"];

    private readonly bool _hasViews = s_views.Any(assemblies.IsUsed), _hasComponents = assemblies.IsUsed(Components);

    /// <summary>Keeps all of it, if the program's own code has any.</summary>
    public void Keep()
    {
        if (!_hasViews && !_hasComponents) return;
        foreach (var own in assemblies.Own) kept.Assemblies.Add(own.GetName().Name!);
        if (_hasViews) KeepViews();
        if (_hasComponents) KeepComponents();
    }

    /// <summary>Keeps what sends and receives a value type, in components: a form's fields, and answers from and to a browser's script.</summary>
    public void KeepValue(Type type)
    {
        if (!_hasComponents) return;
        kept.KeepMethods(assemblies.Find(Endpoints, FormMapping + "FormDataMapperOptions"), type);
        foreach (string converter in new[] { "FormDataConverter`1", "NullableConverter`1", "EnumConverter`1", "ParsableConverter`1" }) kept.KeepWhole(assemblies.Find(Endpoints, FormMapping + converter), type);
        kept.KeepWhole(typeof(ValueTuple<,>), typeof(bool), type);
        kept.KeepConstructed(assemblies.Find("Microsoft.JSInterop", "Microsoft.JSInterop.Infrastructure.TaskGenericsUtil+TcsResultSetter`1"), type);
        kept.KeepConstructed(assemblies.Find("Microsoft.JSInterop", "Microsoft.JSInterop.Infrastructure.TaskGenericsUtil+TaskResultGetter`1"), type);
    }

    private void KeepViews()
    {
        foreach (string library in s_views.Where(assemblies.Has)) kept.Assemblies.Add(library);
        // ViewBag: the binder of C# writes what it has found as an expression, whose makers it looks for by name.
        if (assemblies.IsUsed("Microsoft.CSharp")) kept.Whole.Add(typeof(Expression));
        foreach (var model in assemblies.Own.SelectMany(ProgramTypes.Declared).Where(t => !t.ContainsGenericParameters).SelectMany(Models).Distinct())
        {
            kept.KeepWhole(assemblies.Find(Views, "Microsoft.AspNetCore.Mvc.ViewFeatures.ViewDataDictionary`1"), model);
            kept.KeepWhole(assemblies.Find(Views, "Microsoft.AspNetCore.Mvc.ViewFeatures.HtmlHelper`1"), model);
        }
    }

    // A compiled view has a property IHtmlHelper<T> Html, which it is handed.
    private static IEnumerable<Type> Models(Type view) => Properties(view).Select(p => p.PropertyType)
        .Where(t => t is { IsGenericType: true, Name: "IHtmlHelper`1" }).Select(t => t.GetGenericArguments()[0]);

    // A parameter is set by a generic method made for the component and the parameter's type; a reference type has the code of all others.
    private void KeepComponents()
    {
        var setter = assemblies.Find(Components, "Microsoft.AspNetCore.Components.Reflection.PropertySetter");
        var component = assemblies.Find(Components, "Microsoft.AspNetCore.Components.IComponent");
        if (component is null) return;
        KeepForms();
        KeepCircuits();
        var named = assemblies.Own.SelectMany(ProgramTypes.Of);
        var given = s_components.Where(assemblies.Has).SelectMany(c => ProgramTypes.Declared(assemblies.Get(c)));
        foreach (var type in named.Concat(given).Distinct().Where(t => component.IsAssignableFrom(t) && t is { IsAbstract: false, ContainsGenericParameters: false }))
        {
            kept.KeepMethods(setter, typeof(object), typeof(object));
            foreach (var property in Properties(type).Where(p => p.SetMethod is not null && p.PropertyType.IsValueType))
            {
                kept.KeepConstructed(typeof(Action<,>), typeof(object), property.PropertyType);
                kept.KeepMethods(setter, typeof(object), property.PropertyType);
            }
        }
    }

    private void KeepCircuits()
    {
        if (!assemblies.Has(Endpoints)) return;
        kept.Assemblies.Add(Endpoints);
        if (assemblies.IsUsed(Server)) kept.Assemblies.Add(Server);
        foreach (var message in s_messages.SelectMany(m => kept.Assemblies.Select(a => assemblies.Find(a, $"{Components}.{m}"))).OfType<Type>().ToArray())
        {
            kept.KeepData(message);
            kept.KeepCollections(message);
        }

        // What a call of the server's answers, and what scripts answer and are answered, whose types the program's code may not name otherwise.
        foreach (var answer in new[] { typeof(object), typeof(bool) }) ModelBinding.KeepAwaiters(kept, answer);
        Type[] values = [typeof(bool), typeof(int), typeof(long), typeof(float), typeof(double), typeof(decimal), typeof(Guid), typeof(DateTime), typeof(DateTimeOffset)];
        foreach (var value in values) KeepValue(value);
        if (assemblies.Serializer.GetType("System.Text.Json.JsonElement") is { } element) KeepValue(element);
        kept.KeepWhole(assemblies.Find("Microsoft.JSInterop", "Microsoft.JSInterop.Infrastructure.DotNetObjectReferenceJsonConverter`1"), typeof(object));
        if (assemblies.Find(Components + ".Web", Components + ".Web.JSComponentConfigurationStore+JSComponentParameter") is { } parameter) kept.KeepCollections(parameter);
    }

    // Of classes; KeepValue has the fields. Collections in forms of components are not among it.
    private void KeepForms()
    {
        kept.KeepMethods(assemblies.Find(Endpoints, FormMapping + "FormDataMapperOptions"), typeof(object));
        kept.KeepWhole(assemblies.Find(Endpoints, FormMapping + "FormDataConverter`1"), typeof(object));
        kept.KeepWhole(assemblies.Find(Endpoints, FormMapping + "ComplexTypeExpressionConverterFactory`1"), typeof(object));
        kept.KeepWhole(assemblies.Find(Endpoints, FormMapping + "CompiledComplexTypeConverter`1"), typeof(object));
        kept.KeepWhole(assemblies.Find(Endpoints, FormMapping + "CompiledComplexTypeConverter`1+ConverterDelegate"), typeof(object));
        kept.KeepWhole(assemblies.Find(Endpoints, "Microsoft.AspNetCore.Components.Endpoints.HttpContextFormValueMapper+FormValueSupplier`1"), typeof(object));
        kept.KeepWhole(typeof(ValueTuple<,>), typeof(bool), typeof(object));
    }

    private static PropertyInfo[] Properties(Type type)
    {
        try
        {
            return type.GetProperties(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance);
        }
        catch (Exception e) when (e is TypeLoadException or IOException)
        {
            // It refers to a library that is not there, and so cannot be used.
            return [];
        }
    }
}
