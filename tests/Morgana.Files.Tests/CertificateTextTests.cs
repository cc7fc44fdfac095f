using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Morgana.Files.Tests;

public sealed unsafe class CertificateTextTests
{
    [Fact]
    public void Certificates_of_all_lengths_have_the_text_that_dotNET_gives_them()
    {
        var random = new Random(61);
        var octets = new MemoryStream();
        var expected = new StringBuilder();
        // Lengths in one octet, two, three and four, and lines that are full.
        foreach (int content in (int[])[0, 1, 46, 94, 127, 128, 255, 256, 1_500, 65_535, 65_536])
        {
            byte[] certificate = Certificate(content, random);
            octets.Write(certificate);
            expected.Append(PemEncoding.WriteString("CERTIFICATE", certificate)).Append('\n');
        }

        Read(octets.ToArray(), text =>
        {
            Assert.Equal(expected.Length, text.Length);
            Assert.Equal(expected.ToString(), Encoding.ASCII.GetString(text.Span));
            using var pinned = text.Pin();
            Assert.Equal((byte)'-', *(byte*)pinned.Pointer);
        });
    }

    [Theory, InlineData("-----BEGIN CERTIFICATE-----\n"), InlineData("0"), InlineData("0\u0005abcd"), InlineData("0\u0004abcd!"), InlineData("0\u0080"), InlineData("0\u0081")]
    public void What_is_no_row_of_certificates_is_left_alone(string octets)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(octets);
        fixed (byte* p = bytes) Assert.False(CertificateText.TryCreate(p, bytes.Length, out _));
    }

    private static byte[] Certificate(int content, Random random)
    {
        byte[] length = content < 0x80 ? [(byte)content]
            : content < 0x100 ? [0x81, (byte)content]
            : content < 0x10000 ? [0x82, (byte)(content >> 8), (byte)content]
            : [0x83, (byte)(content >> 16), (byte)(content >> 8), (byte)content];
        byte[] octets = new byte[content];
        random.NextBytes(octets);
        return [0x30, .. length, .. octets];
    }

    // As the image's own memory, which does not move.
    private static void Read(byte[] octets, Action<ReadOnlyMemory<byte>> read)
    {
        byte* memory = (byte*)NativeMemory.Alloc((nuint)octets.Length);
        try
        {
            octets.CopyTo(new Span<byte>(memory, octets.Length));
            Assert.True(CertificateText.TryCreate(memory, octets.Length, out var text));
            read(text);
        }
        finally
        {
            NativeMemory.Free(memory);
        }
    }
}
