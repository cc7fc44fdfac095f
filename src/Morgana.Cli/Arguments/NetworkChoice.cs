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
    public const string Syntax = "gateway, tap:NAME or none, or one of them behind DEVICE=";

    /// <summary>Which of the guest's network devices is meant; null where it has one alone.</summary>
    public string? Device { get; init; }

    /// <summary>Reads one of <see cref="Syntax"/>.</summary>
    public static bool TryParse(string text, out NetworkChoice choice)
    {
        int equals = text.StartsWith("tap:", StringComparison.Ordinal) ? -1 : text.IndexOf('=');
        string? device = equals < 0 ? null : text[..equals];
        string what = text[(equals + 1)..];
        choice = what switch
        {
            "gateway" => new(NetworkKind.Gateway),
            "none" => new(NetworkKind.None),
            // An interface's name fits in IFNAMSIZ - 1 octets.
            _ when what.StartsWith("tap:", StringComparison.Ordinal) && what.Length is > 4 and <= 4 + 15 => new(NetworkKind.Tap, what[4..]),
            _ => new((NetworkKind)(-1)),
        };
        choice = choice with { Device = device };
        return choice.Kind >= 0 && device?.Length != 0;
    }

    /// <summary>As it is written.</summary>
    public override string ToString() => (Device is null ? "" : Device + "=") + Kind switch
    {
        NetworkKind.Gateway => "gateway",
        NetworkKind.Tap => "tap:" + TapName,
        _ => "none",
    };
}
