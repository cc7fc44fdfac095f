using System.Text;
using Morgana.Build.Manifests;
using Morgana.Cli.Arguments;
using Morgana.Cli.Running;
using Morgana.Gateway;

namespace Morgana.Cli.Tests.Manifests;

/// <summary>Which of an image's networks is joined to what: the command line, against the manifest.</summary>
public class NetworkPlanTests
{
    private static readonly Manifest s_one = Manifest.Parse(Encoding.ASCII.GetBytes(ManifestFileTests.Whole), "notes");
    private static readonly Manifest s_two = s_one with { Name = "relay", Devices = [s_one.Devices[1] with { Name = "outside" }, s_one.Devices[0], s_one.Devices[1] with { Name = "inside" }] };
    private static readonly Manifest s_none = s_one with { Devices = [] };

    private static RunSettings Settings(string networks = "", string publish = "", string? capture = null)
    {
        var settings = new RunSettings { Subject = "image", Networks = [.. Split(networks).Select(Choice)], Capture = capture, IsNetworkExplicit = networks.Length + publish.Length > 0 };
        return publish.Length == 0 ? settings : settings with { Publish = [.. Split(publish).Select(Port)], IsPublishExplicit = true };
    }

    private static string[] Split(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static NetworkChoice Choice(string text)
    {
        Assert.True(NetworkChoice.TryParse(text, out var choice), text);
        return choice;
    }

    private static PublishedPort Port(string text)
    {
        Assert.True(PublishedPort.TryParse(text, out var port), text);
        return port;
    }

    private static string[] Make(RunSettings settings, Manifest? manifest) =>
        [.. NetworkPlan.Make(settings, manifest).Select(a => $"{a.Device} {a.Choice.Kind} {string.Join(',', a.Publish)} {a.Capture}".TrimEnd())];

    private static string Refuse(RunSettings settings, Manifest? manifest)
    {
        var e = Assert.Throws<CommandException>(() => NetworkPlan.Make(settings, manifest));
        Assert.Equal(ExitStatus.Usage, e.Status);
        Assert.DoesNotContain('\n', e.Message);
        return e.Message;
    }

    [Fact]
    public void One_network_is_joined_to_the_gateway_without_a_word()
    {
        Assert.Equal(["net0 Gateway 127.0.0.1:8080:80/tcp"], Make(Settings(), s_one));
        Assert.Equal(["net0 Gateway 127.0.0.1:8080:80/tcp"], Make(Settings(), null));
        Assert.Equal(["net0 Gateway 127.0.0.1:8080:80/tcp f.pcapng"], Make(Settings("gateway", capture: "f.pcapng"), s_one));
        Assert.Equal(["net0 Tap"], Make(Settings("net0=tap:t0"), s_one));
        Assert.Empty(Make(Settings("none"), null));
        Assert.Empty(Make(Settings(), s_none));
        Assert.Empty(Make(Settings() with { BootArguments = ["--help"] }, s_two));
    }

    [Fact]
    public void Several_networks_are_each_joined_to_their_own()
    {
        Assert.Equal(["outside Gateway 127.0.0.1:8080:80/tcp", "inside Tap"], Make(Settings("inside=tap:t1 outside=gateway"), s_two));
        Assert.Equal(
            ["outside Gateway outside=127.0.0.1:0:80/tcp", "inside Gateway inside=127.0.0.1:5353:53/udp f"],
            Make(Settings("outside=gateway inside=gateway", "outside=0:80 inside=5353:53/udp", "inside=f"), s_two));
        // Two gateways cannot both have the default port of the host.
        Assert.Equal(["outside Gateway", "inside Gateway"], Make(Settings("outside=gateway inside=gateway"), s_two));
        // A file may be called so, where nothing else is meant.
        Assert.Equal(["net0 Gateway 127.0.0.1:8080:80/tcp a=b"], Make(Settings(capture: "a=b"), s_one));
    }

    [Theory]
    [InlineData("", "", "relay needs the network device 'outside': add --net outside=gateway or --net outside=tap:NAME")]
    [InlineData("outside=gateway", "", "relay needs the network device 'inside': add --net inside=gateway or --net inside=tap:NAME")]
    [InlineData("gateway", "", "relay has the network devices outside and inside: say which, as in --net outside=gateway")]
    [InlineData("outside=gateway dmz=gateway", "", "relay has no network device 'dmz'; it has outside, inside")]
    [InlineData("outside=gateway outside=tap:t0", "", "'outside' is attached twice")]
    [InlineData("outside=gateway inside=none", "", "relay needs the network device 'inside': leave out --net inside=none")]
    [InlineData("outside=gateway inside=gateway", "8080:80", "--publish 8080:80: outside and inside have a gateway each: say which, as in --publish outside=8080:80")]
    [InlineData("outside=tap:t0 inside=gateway", "outside=8080:80", "'outside' is no network with a gateway")]
    public void What_is_missing_or_unclear_of_several_networks_is_one_line(string networks, string publish, string expected) =>
        Assert.Contains(expected, Refuse(Settings(networks, publish), s_two), StringComparison.Ordinal);

    [Fact]
    public void A_capture_of_several_gateways_says_whose() =>
        Assert.Equal("--capture f: outside and inside have a gateway each: say which, as in --capture outside=f", Refuse(Settings("outside=gateway inside=gateway", capture: "f"), s_two));

    [Fact]
    public void One_network_is_attached_once_and_by_its_own_name()
    {
        Assert.Equal("'net0' is attached twice", Refuse(Settings("gateway tap:t0"), s_one));
        Assert.Equal("notes has no network device 'lan'; it has net0", Refuse(Settings("lan=gateway"), s_one));
        Assert.Contains("image has no network device 'lan'", Refuse(Settings("lan=gateway"), null));
        Assert.Contains("has no network device: leave out --net", Refuse(Settings("gateway"), s_none));
    }

    [Fact]
    public void A_stock_Linux_has_one_network()
    {
        var plan = NetworkPlan.Make(Settings("outside=gateway inside=gateway"), s_two);
        var e = Assert.Throws<CommandException>(() => ManifestCheck.OneNetwork(plan, "linux-vm"));
        Assert.Equal("the target linux-vm attaches one network device, and outside and inside are needed: use the target vm or process", e.Message);
    }

    [Fact]
    public void A_guest_under_the_JIT_hears_which_port_belongs_to_which_network()
    {
        var settings = Settings("outside=gateway inside=gateway", "outside=0:80", "inside=f");
        var environment = ManagedTarget.Environment(settings, NetworkPlan.Make(settings, s_two));
        Assert.Contains("MORGANA_PUBLISH=;outside=127.0.0.1:0:80/tcp", environment);
        Assert.Contains($"MORGANA_CAPTURE=inside={Path.GetFullPath("f")}", environment);
        Assert.True(PublishedPort.TryParseList(";", out var none) && none.Count == 0);
    }
}
