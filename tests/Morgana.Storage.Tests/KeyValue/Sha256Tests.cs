using System.Security.Cryptography;

namespace Morgana.Storage.Tests;

public class Sha256Tests
{
    [Fact]
    public void Digests_agree_with_the_platforms_at_every_length_around_a_block()
    {
        byte[] message = new byte[1000];
        new Random(1).NextBytes(message);
        for (int length = 0; length <= 300; length++) Assert.Equal(SHA256.HashData(message.AsSpan(0, length)), Sha256.Hash(message.AsSpan(0, length)));
        Assert.Equal(SHA256.HashData(message), Sha256.Hash(message));
    }
}
