namespace Morgana.Gateway.Tests;

public class PublishedPortTextTests
{
    [Theory]
    [InlineData("8080:80", "127.0.0.1:8080", 80, false)]
    [InlineData("8080:80/tcp", "127.0.0.1:8080", 80, false)]
    [InlineData("0:80", "127.0.0.1:0", 80, false)]
    [InlineData("5353:53/udp", "127.0.0.1:5353", 53, true)]
    [InlineData("0.0.0.0:8080:80", "0.0.0.0:8080", 80, false)]
    [InlineData("[::1]:8080:80", "[::1]:8080", 80, false)]
    [InlineData("outside=8080:80", "127.0.0.1:8080", 80, false, "outside")]
    public void Ports_are_read_as_people_write_them(string text, string host, int guest, bool isUdp, string? network = null)
    {
        Assert.True(PublishedPort.TryParse(text, out var port));
        Assert.Equal((host, guest, isUdp, network), (port.Host.ToString(), (int)port.GuestPort, port.IsUdp, port.Network));
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
    [InlineData("=8080:80")]
    [InlineData("a=b=8080:80")]
    [InlineData(":8080:80")]
    [InlineData("nowhere:8080:80")]
    public void What_is_no_pair_of_ports_is_refused(string text) => Assert.False(PublishedPort.TryParse(text, out _));

    [Fact]
    public void Ports_stand_between_semicolons_and_without_any_there_is_the_web()
    {
        Assert.True(PublishedPort.TryParseList("8080:80; 0.0.0.0:0:53/udp", out var ports));
        Assert.Equal(["127.0.0.1:8080:80/tcp", "0.0.0.0:0:53/udp"], ports.Select(p => p.ToString()));
        Assert.True(PublishedPort.TryParseList("", out ports));
        Assert.Equal([PublishedPort.Default], ports);
        Assert.False(PublishedPort.TryParseList("8080:80;80", out _));
    }

    [Theory]
    [InlineData("8080:80", "http://localhost:8080/")]
    [InlineData("0.0.0.0:8080:80", "http://0.0.0.0:8080/")]
    [InlineData("8080:80/udp", "localhost:8080 leads to the guest's UDP port 80")]
    [InlineData("7007:7", "localhost:7007 leads to the guest's TCP port 7")]
    public void It_is_said_where_a_port_is_reached(string text, string line)
    {
        Assert.True(PublishedPort.TryParse(text, out var port));
        Assert.Equal(line, port.Describe());
    }
}
