using System.Net;
using Morgana.Core;
using Morgana.Gateway.Dns;

namespace Morgana.Gateway.Tests;

public sealed class ResolverListTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"morgana-resolv-{Guid.NewGuid():N}");

    [Fact]
    public void Nameserver_lines_are_read_and_others_are_not()
    {
        string[] lines = ["# comment", "search example.org", "nameserver 192.0.2.1", "nameserver\t2001:db8::53", "  nameserver 192.0.2.2 # second", "nameserver nonsense", "options ndots:1", "nameserver 192.0.2.3"];
        var found = ResolverList.Parse(lines);
        Assert.Equal(["192.0.2.1:53", "[2001:db8::53]:53", "192.0.2.2:53"], found.Select(e => e.ToString()));
    }

    [Fact]
    public void A_changed_file_is_read_again()
    {
        var list = new ResolverList(null, _path);
        File.WriteAllText(_path, "nameserver 192.0.2.1\n");
        File.SetLastWriteTimeUtc(_path, DateTime.UnixEpoch.AddDays(1));
        Assert.Equal(IPAddress.Parse("192.0.2.1"), list.Get(Instant.Zero)[0].Address);
        File.WriteAllText(_path, "nameserver 192.0.2.2\n");
        File.SetLastWriteTimeUtc(_path, DateTime.UnixEpoch.AddDays(2));
        Assert.Equal(IPAddress.Parse("192.0.2.2"), list.Get(Instant.Zero + TimeSpan.FromSeconds(2))[0].Address);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("options edns0\n")]
    public void Without_a_nameserver_the_host_itself_is_asked(string? text)
    {
        if (text is not null) File.WriteAllText(_path, text);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 53), Assert.Single(new ResolverList(null, _path).Get(Instant.Zero)));
    }

    public void Dispose() => File.Delete(_path);
}
