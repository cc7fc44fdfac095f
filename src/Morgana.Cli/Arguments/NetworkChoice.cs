namespace Morgana.Cli.Arguments;

/// <summary>What a guest's network interface is joined to.</summary>
internal enum NetworkKind
{
    /// <summary>The built-in user-mode network.</summary>
    Gateway,

    /// <summary>A tap interface of the host.</summary>
    Tap,

    /// <summary>Nothing: it has no interface.</summary>
    None,
}

/// <summary>What <c>--net</c> says.</summary>
/// <param name="Kind">What it is joined to.</param>
/// <param name="TapName">The tap interface, for that kind.</param>
internal sealed record NetworkChoice(NetworkKind Kind, string TapName = "")
{
    public const string Syntax = "gateway, tap:NAME or none";

    /// <summary>Reads one of <see cref="Syntax"/>.</summary>
    public static bool TryParse(string text, out NetworkChoice choice)
    {
        choice = text switch
        {
            "gateway" => new(NetworkKind.Gateway),
            "none" => new(NetworkKind.None),
            // An interface's name fits in IFNAMSIZ - 1 octets.
            _ when text.StartsWith("tap:", StringComparison.Ordinal) && text.Length is > 4 and <= 4 + 15 => new(NetworkKind.Tap, text[4..]),
            _ => new((NetworkKind)(-1)),
        };
        return choice.Kind >= 0;
    }
}
