using System.Buffers.Binary;
using Morgana.Core;
using Morgana.Wire.Dns;

namespace Morgana.Wire.Tests.Dns;

public sealed class DnsMessageTests
{
    [Fact]
    public void A_question_has_the_octets_of_RFC_1035()
    {
        var expected = Convert.FromHexString("1234" + "0100" + "0001" + "0000" + "0000" + "0000" + "03777777" + "076578616D706C65" + "00" + "0001" + "0001");
        var message = new byte[DnsMessage.MaxQuestion];
        int length = DnsMessage.WriteQuestion(message, 0x1234, "www.example", DnsMessage.TypeA);
        Assert.Equal(expected, message[..length]);
        Assert.Equal(length, DnsMessage.WriteQuestion(message, 0x1234, "www.example.", DnsMessage.TypeA));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a..b")]
    [InlineData(".a")]
    [InlineData("white space")]
    [InlineData("ümlaut")]
    public void What_is_no_domain_name_is_refused(string name) =>
        Assert.Equal(0, DnsMessage.WriteQuestion(new byte[DnsMessage.MaxQuestion], 1, name, DnsMessage.TypeA));

    [Fact]
    public void Labels_and_names_that_are_too_long_are_refused()
    {
        var message = new byte[DnsMessage.MaxQuestion];
        Assert.NotEqual(0, DnsMessage.WriteQuestion(message, 1, new string('a', 63), DnsMessage.TypeA));
        Assert.Equal(0, DnsMessage.WriteQuestion(message, 1, new string('a', 64), DnsMessage.TypeA));
        string longest = string.Join('.', new string('a', 63), new string('b', 63), new string('c', 63), new string('d', 61));
        Assert.NotEqual(0, DnsMessage.WriteQuestion(message, 1, longest, DnsMessage.TypeA));
        Assert.Equal(0, DnsMessage.WriteQuestion(message, 1, longest + "d", DnsMessage.TypeA));
    }

    [Fact]
    public void Addresses_are_found_behind_aliases_in_any_order()
    {
        var (question, answer) = Answer("www.example", 0x8180, 3,
            // b.example A 10.0.0.2, before the aliases that lead to it: www -> a -> b
            "0162076578616D706C6500" + "0001" + "0001" + "0000003C" + "0004" + "0A000002" +
            "C00C" + "0005" + "0001" + "0000003C" + "000B" + "0161076578616D706C6500" +
            "0161076578616D706C6500" + "0005" + "0001" + "0000003C" + "000B" + "0142076578616D706C6500");
        Assert.Equal(DnsParseResult.Ok, Read(answer, question, out var addresses));
        Assert.Equal([Ipv4Address.From(10, 0, 0, 2)], addresses);
    }

    [Fact]
    public void Records_of_other_names_are_not_believed()
    {
        var (question, answer) = Answer("www.example", 0x8180, 1, "04657669" + "6C00" + "0001" + "0001" + "0000003C" + "0004" + "06060606");
        Assert.Equal(DnsParseResult.Ok, Read(answer, question, out var addresses));
        Assert.Empty(addresses);
    }

    [Theory]
    [InlineData(0x8183, DnsParseResult.NoSuchName)]
    [InlineData(0x8182, DnsParseResult.ServerFailure)]
    [InlineData(0x8380, DnsParseResult.Truncated)]
    [InlineData(0x0100, DnsParseResult.NotOurs)]
    public void Flags_decide_what_the_answer_is(ushort flags, DnsParseResult expected)
    {
        var (question, answer) = Answer("www.example", flags, 0, "");
        Assert.Equal(expected, Read(answer, question, out _));
    }

    [Fact]
    public void Another_id_or_another_question_is_not_ours()
    {
        var (question, answer) = Answer("www.example", 0x8180, 0, "");
        answer[1] ^= 1;
        Assert.Equal(DnsParseResult.NotOurs, Read(answer, question, out _));
        answer[1] ^= 1;
        answer[14] ^= 1;
        Assert.Equal(DnsParseResult.NotOurs, Read(answer, question, out _));
    }

    [Fact]
    public void Names_that_point_at_themselves_end()
    {
        var (question, answer) = Answer("www.example", 0x8180, 1, "C01D" + "0005" + "0001" + "0000003C" + "0002" + "C01D");
        Assert.NotEqual(DnsParseResult.NoSuchName, Read(answer, question, out var addresses));
        Assert.Empty(addresses);
        // An alias to itself.
        (question, answer) = Answer("www.example", 0x8180, 1, "C00C" + "0005" + "0001" + "0000003C" + "0002" + "C00C");
        Assert.Equal(DnsParseResult.NotOurs, Read(answer, question, out _));
    }

    [Fact]
    public void Names_behind_thousands_of_pointers_are_not_followed()
    {
        // The question; an A record behind a long chain of pointers, each to the one before, that ends at the question's name.
        string chain = string.Concat(Enumerable.Range(0, 4000).Select(i => (0xC000 | (i == 0 ? 12 : 38 + (2 * i))).ToString("X4", System.Globalization.CultureInfo.InvariantCulture)));
        var (question, answer) = Answer("www.example", 0x8180, 2,
            "00" + "0063" + "0001" + "0000003C" + "1F40" + chain + "DF66" + "0001" + "0001" + "0000003C" + "0004" + "0A000002");
        Assert.Equal(0xC00C, BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(40)));
        Assert.Equal(DnsParseResult.Ok, Read(answer, question, out var addresses));
        Assert.Empty(addresses);
    }

    [Fact]
    public void Every_truncation_and_thousands_of_damaged_answers_are_survived()
    {
        var (question, answer) = Answer("www.example", 0x8180, 2,
            "C00C" + "0005" + "0001" + "0000003C" + "000B" + "0161076578616D706C6500" + "C029" + "0001" + "0001" + "0000003C" + "0004" + "0A000002");
        Assert.Equal(DnsParseResult.Ok, Read(answer, question, out var found));
        Assert.Single(found);
        for (int n = 0; n < answer.Length; n++) Read(answer[..n], question, out _);
        var random = new Random(1);
        for (int i = 0; i < 50_000; i++)
        {
            var damaged = (byte[])answer.Clone();
            for (int k = random.Next(1, 6); k > 0; k--) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            Read(damaged, question, out _);
        }
    }

    [Fact]
    public void An_addresss_name_is_read_and_every_truncation_and_damage_of_it_is_survived()
    {
        Span<char> asked = stackalloc char[30];
        Assert.Equal("4.3.20.100.in-addr.arpa", new string(asked[..DnsMessage.WriteReverseName(Ipv4Address.From(100, 20, 3, 4), asked)]));
        byte[] message = new byte[DnsMessage.MaxQuestion];
        byte[] question = message[..DnsMessage.WriteQuestion(message, 0x1234, "4.3.20.100.in-addr.arpa", DnsMessage.TypePtr)];
        byte[] answer = [.. question, .. Convert.FromHexString("C00C" + "000C" + "0001" + "0000003C" + "0009" + "0473686F70" + "026578" + "00")];
        (answer[2], answer[3], answer[7]) = (0x81, 0x80, 1);
        char[] name = new char[DnsMessage.MaxName];
        Assert.Equal(DnsParseResult.Ok, DnsMessage.ReadPointer(answer, question, name, out int length));
        Assert.Equal("shop.ex", new string(name, 0, length));
        for (int n = 0; n < answer.Length; n++) Assert.NotEqual(DnsParseResult.Ok, DnsMessage.ReadPointer(answer.AsSpan(0, n), question, name, out _));
        var random = new Random(1);
        for (int i = 0; i < 50_000; i++)
        {
            byte[] damaged = [.. answer];
            for (int k = random.Next(1, 6); k > 0; k--) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            DnsMessage.ReadPointer(damaged, question, name, out length);
            Assert.DoesNotContain(name[..length], c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.'));
        }
    }

    private static (byte[] Question, byte[] Answer) Answer(string name, ushort flags, ushort answers, string records)
    {
        var message = new byte[DnsMessage.MaxQuestion];
        int length = DnsMessage.WriteQuestion(message, 0x1234, name, DnsMessage.TypeA);
        var question = message[..length];
        byte[] answer = [.. question, .. Convert.FromHexString(records)];
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(2), flags);
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(6), answers);
        return (question, answer);
    }

    private static DnsParseResult Read(byte[] answer, byte[] question, out IpAddress[] addresses)
    {
        var found = new IpAddress[8];
        var result = DnsMessage.ReadAnswer(answer, question, found, out int count);
        addresses = found[..count];
        return result;
    }
}
