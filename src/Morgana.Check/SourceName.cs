using Morgana.Check.Code;

namespace Morgana.Check;

/// <summary>A method as its author knows it: what the compiler makes of lambdas, local functions and asynchronous methods leads back to it.</summary>
internal static class SourceName
{
    /// <summary>The type's name without its namespace, and the method's.</summary>
    public static string Of(MemberName method)
    {
        string type = method.Type, name = method.Name;
        // "Orders+<ReadAsync>d__4" MoveNext, "Orders+<>c__DisplayClass2_0" <Find>b__0, "Orders" <Find>g__Local|1_0
        for (int made; (made = type.LastIndexOf("+<", StringComparison.Ordinal)) >= 0; type = type[..made])
            if (Between(type[(made + 1)..]) is { Length: > 0 } inner) name = inner;
        if (Between(name) is { Length: > 0 } outer) name = outer;
        type = type[(type.LastIndexOf('.') + 1)..].Replace('+', '.');
        return name is ".ctor" or ".cctor" ? type : $"{type}.{name}";
    }

    private static string Between(string name)
    {
        if (name.Length == 0 || name[0] != '<') return "";
        int end = name.LastIndexOf('>');
        return end > 1 ? name[1..end] : "";
    }
}
