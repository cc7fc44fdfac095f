namespace Morgana.Wire.Tcp;

/// <summary>Kinds of TCP options.</summary>
public enum TcpOptionKind : byte
{
    /// <summary>End of the list (RFC 9293 3.2).</summary>
    End = 0,
    /// <summary>No operation: one octet of padding (RFC 9293 3.2).</summary>
    NoOperation = 1,
    /// <summary>Maximum segment size (RFC 9293 3.2).</summary>
    MaximumSegmentSize = 2,
    /// <summary>Window scale (RFC 7323 2.2).</summary>
    WindowScale = 3,
    /// <summary>SACK permitted (RFC 2018 2).</summary>
    SackPermitted = 4,
    /// <summary>SACK blocks (RFC 2018 3).</summary>
    Sack = 5,
    /// <summary>Timestamps (RFC 7323 3.2).</summary>
    Timestamps = 8,
}

/// <summary>Walks over TCP options, unknown kinds included, in at most as many steps as there are octets.</summary>
public ref struct TcpOptionReader
{
    private ReadOnlySpan<byte> _rest;

    /// <summary>Reads <paramref name="options"/>: what stands between the fixed header and the payload.</summary>
    public TcpOptionReader(ReadOnlySpan<byte> options) => _rest = options;

    /// <summary>The option's kind.</summary>
    public TcpOptionKind Kind { get; private set; }

    /// <summary>The option's data, without kind and length.</summary>
    public ReadOnlySpan<byte> Data { get; private set; }

    /// <summary>Whether the list ended in an option whose length is impossible.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>Moves to the next option; padding is skipped.</summary>
    public bool MoveNext()
    {
        while (!_rest.IsEmpty)
        {
            Kind = (TcpOptionKind)_rest[0];
            if (Kind == TcpOptionKind.End) break;
            if (Kind == TcpOptionKind.NoOperation)
            {
                _rest = _rest[1..];
                continue;
            }

            // RFC 9293 3.2: every other option has a length octet, which counts itself and the kind: 0 and 1 are impossible and would
            // make a careless reader stand still (MUST-7).
            int length = _rest.Length >= 2 ? _rest[1] : 0;
            if (length < 2 || length > _rest.Length)
            {
                IsMalformed = true;
                break;
            }

            Data = _rest[2..length];
            _rest = _rest[length..];
            return true;
        }

        _rest = default;
        Data = default;
        return false;
    }
}
