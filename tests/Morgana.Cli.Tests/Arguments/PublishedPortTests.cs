using Morgana.Cli.Arguments;

namespace Morgana.Cli.Tests.Arguments;

public class PublishedPortTests
{
    [Theory]
    [InlineData("8080:80", "127.0.0.1:8080", 80, false)]
    [InlineData("8080:80/tcp", "127.0.0.1:8080", 80, false)]
    [InlineData("0:80", "127.0.0.1:0", 80, false)]
    [InlineData("5353:53/udp", "127.0.0.1:5353", 53, true)]
    [InlineData("0.0.0.0:8080:80", "0.0.0.0:8080", 80, false)]
    [InlineData("[::1]:8080:80", "[::1]:8080", 80, false)]
    public void Ports_are_read_as_people_write_them(string text, string host, int guest, bool isUdp)
    {
        Assert.True(PublishedPort.TryParse(text, out var port));
        Assert.Equal((host, guest, isUdp), (port!.Host.ToString(), (int)port.GuestPort, port.IsUdp));
        Assert.True(PublishedPort.TryParse(port.ToString(), out var again));
        Assert.Equal(port, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("80")]
    [InlineData(":80")]
    [InlineData("8080:")]
    [InlineData("8080:0")]
    [InlineData("65536:80")]
    [InlineData("8080:65536")]
    [InlineData("-1:80")]
    [InlineData("8080:80/sctp")]
    [InlineData("8080:80/UDP")]
    [InlineData("1:8080:80")]
    [InlineData("localhost:8080:80")]
    [InlineData("::1:8080:80")]
    [InlineData("[127.0.0.1]:8080:80")]
    [InlineData(" 8080:80")]
    public void What_is_no_pair_of_ports_is_refused(string text) => Assert.False(PublishedPort.TryParse(text, out _));
}
