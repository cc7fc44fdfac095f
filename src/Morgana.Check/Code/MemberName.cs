namespace Morgana.Check.Code;

/// <summary>A method or field as metadata names it: overloads are told apart by how many parameters they have, which is enough to follow calls.</summary>
/// <param name="Assembly">The simple name of the assembly that is named as its home; a reference may name a facade.</param>
/// <param name="Type">The full name of its type without arguments, nested ones after a plus: <c>System.Collections.Generic.List`1+Enumerator</c>.</param>
/// <param name="Name">Its own name.</param>
/// <param name="Parameters">How many it takes; -1 for a field.</param>
internal readonly record struct MemberName(string Assembly, string Type, string Name, int Parameters);
