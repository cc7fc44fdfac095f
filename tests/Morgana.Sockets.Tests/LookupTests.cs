using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Morgana.Core;

namespace Morgana.Sockets.Tests;

/// <summary>Name servers that lie, and strangers who answer in their place.</summary>
public class LookupTests
{
    private const string Name = "a-name-that-is-long-enough-for-many-bits.example";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
    private static readonly Ipv4Address True = Ipv4Address.From(192, 0, 2, 7), Forged = Ipv4Address.From(203, 0, 113, 66);

    [Fact]
    public async Task After_many_answers_with_a_wrong_id_the_question_goes_over_tcp()
    {
        await using var hosts = Hosts();
        await using var dns = await hosts.Server.BindAsync(new(TwoHosts.ServerAddress, 53));
        await using var listener = await hosts.Server.ListenAsync(new(TwoHosts.ServerAddress, 53));
        var lookup = hosts.Client.ResolveAsync(Name).AsTask();
        var (question, from) = await ReceiveAsync(dns);
        for (ushort guess = 1; guess <= 40; guess++)
        {
            byte[] answer = Answer(question, Forged);
            BinaryPrimitives.WriteUInt16BigEndian(answer, (ushort)(BinaryPrimitives.ReadUInt16BigEndian(question) + guess));
            await dns.SendAsync(answer, from);
        }

        await dns.SendAsync(Answer(question, Forged), from);        // Guessed right in the end: too late.
        await AnswerOverTcpAsync(listener);
        Assert.Equal([True], await lookup.WaitAsync(Limit));
    }

    [Fact]
    public async Task An_answer_with_the_name_in_other_letters_is_asked_for_again_over_tcp()
    {
        await using var hosts = Hosts();
        await using var dns = await hosts.Server.BindAsync(new(TwoHosts.ServerAddress, 53));
        await using var listener = await hosts.Server.ListenAsync(new(TwoHosts.ServerAddress, 53));
        var lookup = hosts.Client.ResolveAsync(Name).AsTask();
        var (question, from) = await ReceiveAsync(dns);
        string text = Encoding.Latin1.GetString(question);
        Assert.NotEqual(text, text.ToLowerInvariant());
        byte[] inSmallLetters = [.. question[..12], .. Encoding.Latin1.GetBytes(text[12..].ToLowerInvariant())];
        await dns.SendAsync(Answer(inSmallLetters, Forged), from);
        await AnswerOverTcpAsync(listener);
        Assert.Equal([True], await lookup.WaitAsync(Limit));
    }

    [Fact]
    public async Task A_server_that_cuts_its_answer_and_then_hangs_up_is_one_that_did_not_answer()
    {
        await using var hosts = Hosts();
        await using var dns = await hosts.Server.BindAsync(new(TwoHosts.ServerAddress, 53));
        await using var listener = await hosts.Server.ListenAsync(new(TwoHosts.ServerAddress, 53));
        var lookup = hosts.Client.ResolveAsync(Name).AsTask();
        for (int attempt = 0; attempt < 3; attempt++)
        {
            var (question, from) = await ReceiveAsync(dns);
            byte[] cut = Answer(question, Forged);
            cut[2] |= 0x02;
            await dns.SendAsync(cut, from);
            var connection = await listener.AcceptAsync().AsTask().WaitAsync(Limit);
            byte[] half = [0, 200, 1, 2, 3];
            await connection!.AsStream().WriteAsync(half);
            await connection.DisposeAsync();
        }

        var error = await Assert.ThrowsAsync<SocketException>(() => lookup.WaitAsync(Limit));
        Assert.Equal(SocketError.TryAgain, error.SocketErrorCode);
    }

    [Fact]
    public async Task An_addresss_name_is_asked_for_by_its_octets_backwards()
    {
        await using var hosts = Hosts();
        await using var dns = await hosts.Server.BindAsync(new(TwoHosts.ServerAddress, 53));
        var lookup = hosts.Client.ResolveAsync(True).AsTask();
        var (question, from) = await ReceiveAsync(dns);
        Assert.Equal("\u00017\u00012\u00010\u0003192\u0007in-addr\u0004arpa\0\0\u000c\0\u0001", Encoding.Latin1.GetString(question[12..]).ToLowerInvariant());
        await dns.SendAsync(Pointer(question, "shop", "example"), from);
        Assert.Equal("shop.example", await lookup.WaitAsync(Limit));
    }

    [Fact]
    public async Task An_address_without_a_name_and_one_with_an_impossible_name_have_none()
    {
        await using var hosts = Hosts();
        await using var dns = await hosts.Server.BindAsync(new(TwoHosts.ServerAddress, 53));
        foreach (string label in new[] { "two\nlines", "sp ace", "nul\0", "a.b" })
        {
            var lookup = hosts.Client.ResolveAsync(True).AsTask();
            var (question, from) = await ReceiveAsync(dns);
            await dns.SendAsync(Pointer(question, label), from);
            Assert.Null(await lookup.WaitAsync(Limit));
        }

        var nobody = hosts.Client.ResolveAsync(True).AsTask();
        var (asked, asker) = await ReceiveAsync(dns);
        byte[] answer = [.. asked];
        (answer[2], answer[3]) = (0x81, 0x83);      // NXDOMAIN
        await dns.SendAsync(answer, asker);
        var error = await Assert.ThrowsAsync<SocketException>(() => nobody.WaitAsync(Limit));
        Assert.Equal(SocketError.HostNotFound, error.SocketErrorCode);
    }

    // RFC 2317 4: the zone of a few addresses is elsewhere.
    [Fact]
    public async Task A_name_behind_an_alias_is_found()
    {
        await using var hosts = Hosts();
        await using var dns = await hosts.Server.BindAsync(new(TwoHosts.ServerAddress, 53));
        var lookup = hosts.Client.ResolveAsync(True).AsTask();
        var (question, from) = await ReceiveAsync(dns);
        byte[] alias = [3, (byte)'s', (byte)'u', (byte)'b', 0], name = [1, (byte)'x', 0];
        byte[] answer = [.. question, 0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, (byte)alias.Length, .. alias, .. alias, 0, 12, 0, 1, 0, 0, 0, 9, 0, (byte)name.Length, .. name];
        (answer[2], answer[3], answer[7]) = (0x81, 0x80, 2);
        await dns.SendAsync(answer, from);
        Assert.Equal("x", await lookup.WaitAsync(Limit));
    }

    private static byte[] Pointer(byte[] question, params string[] labels)
    {
        byte[] name = [.. labels.SelectMany(l => (byte[])[(byte)l.Length, .. Encoding.Latin1.GetBytes(l)]), 0];
        byte[] answer = [.. question, 0xC0, 12, 0, 12, 0, 1, 0, 0, 0, 9, 0, (byte)name.Length, .. name];
        (answer[2], answer[3], answer[7]) = (0x81, 0x80, 1);
        return answer;
    }

    private static TwoHosts Hosts() => new(nameServers: [new(TwoHosts.ServerAddress, 53)], clientClock: new PatientClock());

    private static async Task<(byte[] Question, IpEndpoint From)> ReceiveAsync(UdpSocket socket)
    {
        var buffer = new byte[512];
        var received = await socket.ReceiveAsync(buffer).AsTask().WaitAsync(Limit);
        return (buffer[..received.Length], received.From);
    }

    private static async Task AnswerOverTcpAsync(TcpListener listener)
    {
        await using var connection = await listener.AcceptAsync().AsTask().WaitAsync(Limit);
        var stream = connection!.AsStream();
        byte[] length = new byte[2];
        await stream.ReadExactlyAsync(length).AsTask().WaitAsync(Limit);
        byte[] question = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await stream.ReadExactlyAsync(question).AsTask().WaitAsync(Limit);
        byte[] answer = Answer(question, True);
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)answer.Length);
        await stream.WriteAsync((byte[])[.. length, .. answer]);
    }

    // RFC 1035 4.1.3: the question, and one A record whose name points at it.
    private static byte[] Answer(byte[] question, Ipv4Address address)
    {
        byte[] answer = [.. question, 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 0, 0, 0, 0];
        (answer[2], answer[3], answer[7]) = (0x81, 0x80, 1);
        address.WriteTo(answer.AsSpan(question.Length + 12));
        return answer;
    }
}
