namespace Morgana.Check;

/// <summary>How bad a finding is.</summary>
public enum Verdict
{
    /// <summary>The call fails whenever it is made.</summary>
    Fails,

    /// <summary>The ahead-of-time compiler does not know whether it works.</summary>
    MayFail,

    /// <summary>It works, and otherwise than on Linux.</summary>
    Differs,
}

/// <summary>Something in a program that its image does not do as the program expects.</summary>
/// <param name="Verdict">How bad it is.</param>
/// <param name="What">The call, or the warning's number.</param>
/// <param name="Place">The source file, from the project's folder; or the package and its method.</param>
/// <param name="Line">The line in the file; 0 in a package.</param>
/// <param name="Why">What happens.</param>
/// <param name="Instead">What to do about it; null where there is nothing.</param>
public sealed record Finding(Verdict Verdict, string What, string Place, int Line, string Why, string? Instead)
{
    /// <summary>The place as compilers write it.</summary>
    public override string ToString() => Line > 0 ? $"{Place}({Line})" : Place;
}
