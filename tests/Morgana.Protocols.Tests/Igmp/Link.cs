using System.Buffers.Binary;
using Morgana.Core;
using Morgana.Protocols.Igmp;
using Morgana.Protocols.Ip;
using Morgana.Wire.Igmp;

namespace Morgana.Protocols.Tests.Igmp;

/// <summary>One host's groups on a link, on virtual time; what it says is kept in words.</summary>
internal sealed class Link
{
    public static readonly Ipv4Address One = Ipv4Address.From(239, 1, 1, 1), Two = Ipv4Address.From(239, 1, 1, 2);
    public static readonly Ipv4Address A = Ipv4Address.From(10, 0, 0, 0xA), B = Ipv4Address.From(10, 0, 0, 0xB), C = Ipv4Address.From(10, 0, 0, 0xC);

    private readonly IgmpOptions _options;
    private readonly int _room;

    public Link(IgmpOptions? options = null, int room = 1456, byte secret = 1)
    {
        _options = options ?? new();
        _room = room;
        Host = new(0, _options, new KeyedHash([.. Enumerable.Repeat(secret, 16)], 1));
    }

    public IgmpHost Host { get; }

    public Instant Now { get; private set; } = new(1_000_000_000_000);

    public GroupMemberships Socket() => new(_options);

    /// <summary>What it has to say now.</summary>
    public List<string> Says()
    {
        var said = new List<string>();
        byte[] bytes = new byte[_room];
        while (Host.TryTransmit(bytes, Now, out int length, out var to)) said.Add($"{to}: {Describe(bytes.AsSpan(0, length))}");
        Assert.False(Host.HasOutput);
        return said;
    }

    /// <summary>What it says until a time has passed, each with the milliseconds since now.</summary>
    public List<(double At, string Said)> SaysWithin(TimeSpan time)
    {
        var (start, end) = (Now, Now + time);
        var said = new List<(double, string)>();
        while (Host.NextTimeout <= end)
        {
            Now = Instant.Max(Now, Host.NextTimeout);
            Host.HandleTimeouts(Now);
            foreach (string text in Says()) said.Add(((Now - start).TotalMilliseconds, text));
        }

        Now = end;
        return said;
    }

    public DropReason Hear(byte[] message, Ipv4Address? to = null, byte timeToLive = 1, bool alert = true) =>
        Host.HandleMessage(message, to ?? IgmpAddress.AllSystems, timeToLive, alert, Now);

    /// <summary>A query as routers send it; its destination follows.</summary>
    public DropReason Ask(Ipv4Address group = default, byte code = 100, int version = 3, byte robustness = 2, byte interval = 125, params Ipv4Address[] sources) =>
        Hear(Query(group, code, version, robustness, interval, sources), group.Value == 0 ? IgmpAddress.AllSystems : group);

    public static byte[] Query(Ipv4Address group, byte code, int version, byte robustness = 2, byte interval = 125, params Ipv4Address[] sources)
    {
        byte[] bytes = new byte[version == 3 ? 12 + (4 * sources.Length) : 8];
        bytes[0] = 0x11;
        bytes[1] = version == 1 ? (byte)0 : code;
        group.WriteTo(bytes.AsSpan(4));
        if (version == 3)
        {
            bytes[8] = robustness;
            bytes[9] = interval;
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(10), (ushort)sources.Length);
            for (int i = 0; i < sources.Length; i++) sources[i].WriteTo(bytes.AsSpan(12 + (4 * i)));
        }

        return Summed(bytes);
    }

    public static byte[] Summed(byte[] bytes)
    {
        bytes[2] = bytes[3] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), InternetChecksum.Of(bytes));
        return bytes;
    }

    private static string Describe(ReadOnlySpan<byte> bytes)
    {
        Assert.Equal(DropReason.None, IgmpMessage.Parse(bytes, out var message));
        if (message.Type != IgmpType.Version3Report) return $"{message.Type} {message.Group}";
        Assert.Equal(DropReason.None, IgmpReportReader.Parse(bytes, out var reader));
        var text = new List<string>();
        while (reader.MoveNext())
        {
            var sources = new List<string>();
            for (int i = 0; i < reader.Sources.Length; i += 4) sources.Add(Ipv4Address.Read(reader.Sources[i..]).ToString());
            text.Add($"{reader.Type} {reader.Group} [{string.Join(' ', sources.Order(StringComparer.Ordinal))}]");
        }

        return string.Join(", ", text.Order(StringComparer.Ordinal));
    }
}
