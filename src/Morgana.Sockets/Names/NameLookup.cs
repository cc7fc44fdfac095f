using System.Net.Sockets;
using Morgana.Core;
using Morgana.Wire.Dns;

namespace Morgana.Sockets;

/// <summary>A small stub resolver: addresses of a name, from the configured servers in turn (RFC 1035, RFC 1123 6.1.3.3).</summary>
/// <remarks>
/// It keeps no cache. Ids, ports and the case of letters are unpredictable, and only an answer to the letter of the question counts (RFC 5452).
/// Where somebody guesses, or a server writes the name in its own way, the question goes over TCP, which strangers cannot answer.
/// </remarks>
internal sealed class NameLookup(INetworkStack network, IReadOnlyList<IpEndpoint> servers, TimeProvider clock)
{
    private const int Attempts = 3;
    private const int MaxAddresses = 32;
    private const int MaxForged = 20;
    private static readonly TimeSpan FirstTimeout = TimeSpan.FromSeconds(1);

    public async ValueTask<IpAddress[]> ResolveAsync(string name, bool hasIpv6, CancellationToken cancel)
    {
        if (Ipv4Address.TryParse(name, out var literal)) return [literal];
        if (System.Net.IPAddress.TryParse(name, out var ip) && ip.AddressFamily == AddressFamily.InterNetworkV6)
            return [Ipv6Address.Read(ip.GetAddressBytes())];
        if (name is "localhost" or "localhost.") return [Ipv4Address.Loopback];     // RFC 6761 6.3
        if (servers.Count == 0) throw new SocketException((int)SocketError.NoRecovery, "No name server is configured: give --dns=ADDRESS.");
        var v4 = QueryAsync(name, DnsMessage.TypeA, cancel);
        var v6 = hasIpv6 ? QueryAsync(name, DnsMessage.TypeAaaa, cancel) : null;
        var found = (await v4.ConfigureAwait(false)).Addresses;
        if (v6 is not null) found = [.. found, .. (await v6.ConfigureAwait(false)).Addresses];
        return found.Length > 0 ? found : throw new SocketException((int)SocketError.NoData, $"The name '{name}' has no address.");
    }

    /// <summary>The name of an address (RFC 1035 3.5); null if it has none.</summary>
    public async ValueTask<string?> ResolveAsync(Ipv4Address address, CancellationToken cancel)
    {
        if (servers.Count == 0) throw new SocketException((int)SocketError.NoRecovery, "No name server is configured: give --dns=ADDRESS.");
        char[] asked = new char[32];
        string name = new(asked, 0, DnsMessage.WriteReverseName(address, asked));
        return (await QueryAsync(name, DnsMessage.TypePtr, cancel).ConfigureAwait(false)).Name;
    }

    private async Task<Answer> QueryAsync(string name, ushort type, CancellationToken cancel)
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            foreach (var server in servers)
            {
                var question = new byte[DnsMessage.MaxQuestion];
                int length = DnsMessage.WriteQuestion(question, SystemEntropy.NextUInt16(), name, type);
                if (length == 0) throw new SocketException((int)SocketError.HostNotFound, $"'{name}' is no domain name.");
                MixCase(question.AsSpan(DnsMessage.HeaderSize, length - DnsMessage.HeaderSize - 4));
                var answer = await AskAsync(server, question.AsMemory(0, length), type, FirstTimeout * (1 << attempt), cancel).ConfigureAwait(false);
                if (answer.Result == DnsParseResult.Ok) return answer;
                if (answer.Result == DnsParseResult.NoSuchName) throw new SocketException((int)SocketError.HostNotFound, $"The name '{name}' does not exist.");
            }
        }

        throw new SocketException((int)SocketError.TryAgain, $"No name server answered for '{name}'.");
    }

    /// <summary>Asks one server over UDP, and over TCP if the answer was cut. A timeout counts as a failure of the server.</summary>
    private async Task<Answer> AskAsync(IpEndpoint server, ReadOnlyMemory<byte> question, ushort type, TimeSpan timeout, CancellationToken cancel)
    {
        using var deadline = new CancellationTokenSource(timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancel);
        try
        {
            var any = server.Address.IsIpv4 ? (IpAddress)Ipv4Address.Any : Ipv6Address.Any;
            await using var socket = await network.BindAsync(new(any, 0), either.Token).ConfigureAwait(false);
            await socket.SendAsync(question, server, either.Token).ConfigureAwait(false);
            var buffer = new byte[4096];
            for (int forged = 0; ;)
            {
                var received = await socket.ReceiveAsync(buffer, either.Token).ConfigureAwait(false);
                if (received.From != server) continue;      // RFC 5452 9.1: an answer comes from where the question went.
                var answer = Read(buffer.AsSpan(0, received.Length), question.Span, type);
                if (answer.Result == DnsParseResult.NotOurs && ++forged < MaxForged) continue;
                bool isToTheLetter = received.Length >= question.Length && buffer.AsSpan(0, question.Length)[DnsMessage.HeaderSize..].SequenceEqual(question.Span[DnsMessage.HeaderSize..]);
                if (answer.Result is DnsParseResult.NotOurs or DnsParseResult.Truncated || !isToTheLetter) return await AskOverTcpAsync(server, question, type, either.Token).ConfigureAwait(false);
                return answer;
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new(DnsParseResult.ServerFailure);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            // IOException: a server closed its connection in the middle of an answer.
            return new(DnsParseResult.ServerFailure);
        }
    }

    private async Task<Answer> AskOverTcpAsync(IpEndpoint server, ReadOnlyMemory<byte> question, ushort type, CancellationToken cancel)
    {
        await using var connection = await network.ConnectAsync(server, null, cancel).ConfigureAwait(false);
        var stream = connection.AsStream();
        // RFC 1035 4.2.2: each message behind two octets of length.
        var framed = new byte[2 + question.Length];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)question.Length);
        question.CopyTo(framed.AsMemory(2));
        await stream.WriteAsync(framed, cancel).ConfigureAwait(false);
        var size = new byte[2];
        await stream.ReadExactlyAsync(size, cancel).ConfigureAwait(false);
        var answer = new byte[System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(size)];
        await stream.ReadExactlyAsync(answer, cancel).ConfigureAwait(false);
        return Read(answer, question.Span, type);
    }

    // Names are the same in either case, and servers copy the question (draft-vixie-dnsext-dns0x20): a bit more to guess for each letter.
    private static void MixCase(Span<byte> name)
    {
        Span<byte> random = stackalloc byte[256];
        SystemEntropy.Fill(random = random[..name.Length]);
        for (int i = 0; i < name.Length; i++)
            if (char.IsAsciiLetter((char)name[i])) name[i] = (byte)(name[i] ^ (random[i] & 0x20));
    }

    private static Answer Read(ReadOnlySpan<byte> message, ReadOnlySpan<byte> question, ushort type)
    {
        if (type == DnsMessage.TypePtr)
        {
            Span<char> name = stackalloc char[DnsMessage.MaxName];
            var result = DnsMessage.ReadPointer(message, question, name, out int length);
            return new(result) { Name = length == 0 ? null : new(name[..length]) };
        }
        else
        {
            Span<IpAddress> found = new IpAddress[MaxAddresses];
            var result = DnsMessage.ReadAnswer(message, question, found, out int count);
            return new(result) { Addresses = found[..count].ToArray() };
        }
    }

    /// <summary>What an answer says.</summary>
    private sealed class Answer(DnsParseResult result)
    {
        public DnsParseResult Result => result;

        public IpAddress[] Addresses { get; init; } = [];

        public string? Name { get; init; }
    }
}
