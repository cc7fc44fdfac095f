namespace Morgana.Architecture.Tests;

/// <summary>What a static image has not got, no room that goes into one may use.</summary>
public class StaticImageTests
{
    public static TheoryData<string> Rooms =>
    [
        "Morgana.Core", "Morgana.Wire", "Morgana.Protocols", "Morgana.Network", "Morgana.Devices", "Morgana.Drivers.Tap", "Morgana.Drivers.FrameSocket",
        "Morgana.Drivers.Virtio", "Morgana.Sockets", "Morgana.AspNetCore", "Morgana.Hosting", "Morgana.Sandbox", "Morgana.Storage", "Morgana.Files", "Morgana.Composition", "Morgana.SystemNative", "Morgana.SystemNative.Files",
    ];

    // .NET's cryptography is OpenSSL's, which it loads while it runs; in an executable without a dynamic linker that ends in a segmentation fault.
    [Theory, MemberData(nameof(Rooms))]
    public void Nothing_in_an_image_uses_the_platforms_cryptography(string project)
    {
        Assert.NotEmpty(Repository.Sources(project));
        foreach (string file in Repository.Sources(project))
        {
            foreach (string line in Repository.Read(file).Split('\n'))
            {
                if (line.TrimStart().StartsWith("//", StringComparison.Ordinal)) continue;
                foreach (string name in new[] { "System.Security.Cryptography", "System.Net.Security", "SslStream", "ClientWebSocket", "UseHttps" })
                    Assert.False(line.Contains(name, StringComparison.Ordinal), $"{file} uses {name}; Morgana.Sockets.SystemEntropy has random octets, Morgana.Storage has SHA-256.");
            }
        }
    }
}
