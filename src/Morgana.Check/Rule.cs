namespace Morgana.Check;

/// <summary>A part of .NET that an image does not do, or does otherwise.</summary>
/// <param name="Type">The full name of the type.</param>
/// <param name="Members">The names of its methods and fields, properties as <c>get_Name</c> and <c>set_Name</c>, constructors as <c>.ctor</c>; empty for all.</param>
/// <param name="Verdict">What comes of a call.</param>
/// <param name="Why">The same in words.</param>
/// <param name="Instead">What to do; null where there is nothing.</param>
internal sealed record Rule(string Type, string[] Members, Verdict Verdict, string Why, string? Instead)
{
    /// <summary>Whether a call of this is meant.</summary>
    public bool Matches(string member) => Members.Length == 0 || Array.IndexOf(Members, member) >= 0;
}
