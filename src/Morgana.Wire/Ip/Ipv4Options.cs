using Morgana.Core;

namespace Morgana.Wire.Ip;

/// <summary>The kinds of IPv4 options that mean something to us (RFC 791 3.1).</summary>
public static class Ipv4OptionKind
{
    /// <summary>The list ends here.</summary>
    public const byte EndOfList = 0;

    /// <summary>Padding.</summary>
    public const byte NoOperation = 1;

    /// <summary>Record route.</summary>
    public const byte RecordRoute = 7;

    /// <summary>Loose source and record route.</summary>
    public const byte LooseSourceRoute = 131;

    /// <summary>Strict source and record route.</summary>
    public const byte StrictSourceRoute = 137;

    /// <summary>Router alert (RFC 2113).</summary>
    public const byte RouterAlert = 148;
}

/// <summary>Walks over the options of an IPv4 header, one at a time: known ones and unknown ones alike.</summary>
/// <remarks>It ends after at most 40 steps, whatever the octets say.</remarks>
public ref struct Ipv4Options
{
    private ReadOnlySpan<byte> _rest;

    /// <summary>Begins at the front of <paramref name="options"/>.</summary>
    public Ipv4Options(ReadOnlySpan<byte> options)
    {
        _rest = options;
        Kind = 0;
        Data = default;
        Error = DropReason.None;
    }

    /// <summary>The current option's kind.</summary>
    public byte Kind { get; private set; }

    /// <summary>The current option's octets behind kind and length.</summary>
    public ReadOnlySpan<byte> Data { get; private set; }

    /// <summary>Why the walk ended early: <see cref="DropReason.BadOption"/>, or none.</summary>
    public DropReason Error { get; private set; }

    /// <summary>Steps to the next option. False at the end of the list and at an error.</summary>
    public bool MoveNext()
    {
        while (!_rest.IsEmpty)
        {
            byte kind = _rest[0];
            if (kind == Ipv4OptionKind.EndOfList) return false;
            if (kind == Ipv4OptionKind.NoOperation)
            {
                _rest = _rest[1..];
                continue;
            }

            // A length of 0 or 1 would never move on; one beyond the header would read the payload.
            if (_rest.Length < 2 || _rest[1] < 2 || _rest[1] > _rest.Length)
            {
                Error = DropReason.BadOption;
                return false;
            }

            Kind = kind;
            Data = _rest[2.._rest[1]];
            _rest = _rest[_rest[1]..];
            return true;
        }

        return false;
    }

    /// <summary>Whether a packet with these options may be taken in: source routes are refused, unknown options are ignored.</summary>
    public static DropReason Check(ReadOnlySpan<byte> options)
    {
        var walk = new Ipv4Options(options);
        while (walk.MoveNext())
        {
            // RFC 7126 4.3, 4.4: packets with a source route should be dropped.
            if (walk.Kind is Ipv4OptionKind.LooseSourceRoute or Ipv4OptionKind.StrictSourceRoute) return DropReason.SourceRoute;
        }

        return walk.Error;
    }
}
