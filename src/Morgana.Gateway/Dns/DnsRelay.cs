using Morgana.Core;
using Morgana.Gateway.Loop;
using Morgana.Gateway.Udp;

namespace Morgana.Gateway.Dns;

/// <summary>Questions for names that came as datagrams: each goes to the host's resolvers as it is, and the answer comes back as it is.</summary>
internal sealed class DnsRelay(GatewayLoop loop, UdpRelays udp, GatewayOptions options, ResolverList resolvers)
{
    private readonly FlowTable<DnsQuery> _table = new(options.MaxDnsQueries);

    /// <summary>Whether no host operation is under way.</summary>
    public bool IsIdle => _table.IsIdle;

    /// <summary>Relays a question.</summary>
    public void Ask(IpEndpoint guest, ReadOnlySpan<byte> question, Instant now)
    {
        // RFC 1035 4.1.1: a header of twelve octets, and QR clear in a question.
        if (question.Length < DnsQuery.HeaderSize || (question[2] & 0x80) != 0)
        {
            loop.Counters.UdpDropped++;
            return;
        }

        if (_table.IsFull)
        {
            loop.Counters.DnsFailed++;
            _table.Oldest?.Abort(now);
            if (_table.IsFull) return;
        }

        loop.Counters.DnsQueries++;
        var query = new DnsQuery(loop, this, guest, question.ToArray(), resolvers.Get(now));
        _table.Add(query, now);
        CountPending();
        query.AskNext(now);
    }

    /// <summary>When <see cref="Sweep"/> is to be called.</summary>
    public Instant NextSweep => _table.WhenIdleFor(options.DnsTimeout);

    /// <summary>Asks the next resolver where one has not answered in time.</summary>
    public void Sweep(Instant now)
    {
        while (_table.Oldest is { } oldest && now - oldest.LastActive >= options.DnsTimeout) oldest.AskNext(now);
    }

    /// <summary>The question was asked once more.</summary>
    public void Renew(DnsQuery query, Instant now) => _table.Renew(query, now);

    /// <summary>Gives up every question.</summary>
    public void Stop(Instant now)
    {
        foreach (var query in _table.Snapshot()) query.Abort(now);
    }

    /// <summary>Sends an answer to the guest.</summary>
    public void Answer(IpEndpoint guest, ReadOnlySpan<byte> answer, Instant now) => udp.SendToGuest(new IpEndpoint(options.DnsAddress, 53), guest, answer, now);

    /// <summary>The question is answered or given up.</summary>
    public void Remove(DnsQuery query)
    {
        _table.Remove(query);
        CountPending();
    }

    /// <summary>A finished question's last host operation is over.</summary>
    public void OnDrained() => _table.OnDrained();

    private void CountPending() => Volatile.Write(ref loop.Counters.DnsPending, _table.Count);
}
