using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Morgana.Composition.Generator;

/// <summary>A property's initializer as whoever boots the program would write the value. What would have to be computed is left out.</summary>
internal static class DefaultText
{
    private static readonly Dictionary<string, string> s_units = new() { ["FromMilliseconds"] = "ms", ["FromSeconds"] = "s", ["FromMinutes"] = "m", ["FromHours"] = "h", ["FromDays"] = "d" };

    public static string? Of(ExpressionSyntax value, bool isEnumeration) => value switch
    {
        LiteralExpressionSyntax literal => OfLiteral(literal),
        PrefixUnaryExpressionSyntax { Operand: LiteralExpressionSyntax } number => number.ToString(),
        MemberAccessExpressionSyntax member when isEnumeration => Names.Kebab(member.Name.Identifier.Text),
        InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax method, ArgumentList.Arguments.Count: 1 } call => OfCall(method, call.ArgumentList.Arguments[0].Expression as LiteralExpressionSyntax),
        CollectionExpressionSyntax list => OfList(list.Elements.Select(e => e is ExpressionElementSyntax item ? Of(item.Expression, isEnumeration) : null)),
        _ => null,
    };

    private static string? OfLiteral(LiteralExpressionSyntax literal) => literal.Kind() switch
    {
        SyntaxKind.StringLiteralExpression => literal.Token.ValueText,
        SyntaxKind.TrueLiteralExpression => "true",
        // The separators between digits, and a suffix such as L, are the language's own.
        SyntaxKind.NumericLiteralExpression => literal.Token.Value is double or float or decimal ? literal.Token.Text : literal.Token.ValueText,
        _ => null,
    };

    private static string? OfCall(MemberAccessExpressionSyntax method, LiteralExpressionSyntax? argument)
    {
        string name = method.Name.Identifier.Text;
        if (argument is null) return null;
        if (name == "Parse") return OfLiteral(argument);
        return method.Expression.ToString() is "TimeSpan" or "System.TimeSpan" && s_units.TryGetValue(name, out string unit) ? OfLiteral(argument) + unit : null;
    }

    private static string? OfList(IEnumerable<string?> items)
    {
        string?[] all = items.ToArray();
        return all.Length == 0 || all.Any(i => i is null) ? null : string.Join(",", all);
    }
}
