using System.Net.Sockets;
using Morgana.Core;
using Morgana.Drivers.FrameSocket;

namespace Morgana.Hosting.Tests;

public class DeviceTests
{
    [Fact]
    public void Devices_are_read_with_all_their_settings() =>
        Assert.Equal(
            [new("net0", "frame-socket", 3, 65520, MacAddress.Parse("02:00:0a:00:02:0f")), new("net1", "tap", 4, null, default)],
            DeviceSpecification.ParseList("net0=frame-socket,fd=3,mtu=65520,mac=02:00:0a:00:02:0f; net1=tap,fd=4"));

    [Fact]
    public void An_empty_list_is_a_list() => Assert.Empty(DeviceSpecification.ParseList(" ; "));

    [Theory]
    [InlineData("net0")]
    [InlineData("=tap,fd=3")]
    [InlineData("net0=")]
    [InlineData("net0=,fd=3")]
    [InlineData("net0=tap")]
    [InlineData("net0=tap,fd=")]
    [InlineData("net0=tap,fd=-1")]
    [InlineData("net0=tap,fd=+3")]
    [InlineData("net0=tap,fd= 3")]
    [InlineData("net0=tap,fd=3x")]
    [InlineData("net0=tap,fd=99999999999999999999")]
    [InlineData("net0=tap,fd=3,mtu=67")]
    [InlineData("net0=tap,fd=3,mtu=65536")]
    [InlineData("net0=tap,fd=3,mac=02:00:0a:00:02")]
    [InlineData("net0=tap,fd=3,colour=red")]
    [InlineData("net0=tap,fd=3,,")]
    public void A_malformed_device_is_refused_by_name(string text) =>
        Assert.StartsWith("MORGANA_DEVICES: ", Assert.Throws<BootException>(() => DeviceSpecification.ParseList(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_list_of_any_length_ends_in_devices_or_in_a_refusal()
    {
        var random = new Random(7);
        string alphabet = "net0=tap,fd;:3mu \u00e9\n";
        for (int i = 0; i < 2000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(80)).Select(_ => alphabet[random.Next(alphabet.Length)]));
            try
            {
                foreach (var device in DeviceSpecification.ParseList(text)) Assert.True(device.Descriptor >= 0 && device.Name.Length > 0, $"seed 7, '{text}'");
            }
            catch (BootException e)
            {
                Assert.StartsWith("MORGANA_DEVICES: ", e.Message, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("frame-socket")]
    [InlineData("tap")]
    public void A_descriptor_that_is_not_open_is_refused(string driver)
    {
        var e = Assert.Throws<BootException>(() => new DeviceSpecification("net0", driver, 1_000_000, null, default).Open(1 << 20));
        Assert.StartsWith("MORGANA_DEVICES: net0 cannot be opened at descriptor 1000000: ", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("frame-socket")]
    [InlineData("tap")]
    public void A_descriptor_of_something_else_is_refused(string driver)
    {
        using var file = File.OpenHandle(typeof(DeviceTests).Assembly.Location);
        int descriptor = (int)file.DangerousGetHandle();
        var e = Assert.Throws<BootException>(() => new DeviceSpecification("net0", driver, descriptor, null, default).Open(1 << 20));
        Assert.StartsWith("MORGANA_DEVICES: net0 cannot be opened at descriptor ", e.Message, StringComparison.Ordinal);
        Assert.False(file.IsClosed);
        Assert.True(RandomAccess.GetLength(file) > 0);          // It is still its owner's.
    }

    [Fact]
    public void An_mtu_that_the_driver_does_not_know_is_refused()
    {
        var (ours, theirs) = FrameSockets.CreatePair();
        var e = Assert.Throws<BootException>(() => new DeviceSpecification("net0", "frame-socket", ours, 65535, default).Open(1 << 20));
        Assert.StartsWith("MORGANA_DEVICES: net0 cannot be opened at descriptor ", e.Message, StringComparison.Ordinal);
        FrameSockets.Close(ours);
        FrameSockets.Close(theirs);
    }

    [Theory]
    [InlineData("ff:ff:ff:ff:ff:ff")]
    [InlineData("01:00:5e:00:00:01")]
    public void A_groups_address_is_no_devices_own(string mac) =>
        Assert.Throws<BootException>(() => DeviceSpecification.ParseList($"net0=tap,fd=3,mac={mac}"));

    [Fact]
    public void A_driver_that_the_image_lacks_is_named_with_those_that_it_has()
    {
        var e = Assert.Throws<BootException>(() => new DeviceSpecification("net0", "floppy", 3, null, default).Open(1 << 20));
        Assert.Equal("MORGANA_DEVICES: net0 wants the driver 'floppy', and this image has frame-socket, tap, packet-socket and virtio.", e.Message);
    }

    [Fact]
    public void An_image_without_a_runner_says_how_to_run_it()
    {
        Assert.Null(Environment.GetEnvironmentVariable("MORGANA_DEVICES"));
        var e = Assert.Throws<BootException>(() => GuestNetwork.Open(BootArguments.Parse([], GuestNetwork.Arguments), _ => { }));
        Assert.Equal("an image gets its devices from a runner: start it with 'morgana run IMAGE'.", e.Message);
    }

    [Fact]
    public async Task Wrong_addresses_are_named_and_nothing_is_left_open()
    {
        foreach (var (argument, message) in new[]
        {
            ("--ipv4=10.0.2.15", "--ipv4=10.0.2.15: expected ADDRESS/PREFIX, such as 10.0.2.15/24."),
            ("--ipv4=10.0.2.15/33", "--ipv4=10.0.2.15/33: expected ADDRESS/PREFIX, such as 10.0.2.15/24."),
            ("--ipv4-gateway=here", "--ipv4-gateway=here: expected an IPv4 address."),
            ("--dns=10.0.2.3,there", "--dns=10.0.2.3,there: 'there' is no IPv4 address."),
        })
        {
            var (host, guest) = SocketPair();
            using (host)
            {
                Environment.SetEnvironmentVariable("MORGANA_DEVICES", $"net0=frame-socket,fd={(int)guest.SafeHandle.DangerousGetHandle()}");
                try
                {
                    var e = Assert.Throws<BootException>(() => GuestNetwork.Open(BootArguments.Parse([argument], GuestNetwork.Arguments), _ => { }));
                    Assert.Equal(message, e.Message);
                }
                finally
                {
                    Environment.SetEnvironmentVariable("MORGANA_DEVICES", null);
                }

                // The device took the descriptor over, and closed it: the other end sees that.
                guest.SafeHandle.SetHandleAsInvalid();
                Assert.Equal(0, await host.ReceiveAsync(new byte[1]).WaitAsync(TimeSpan.FromSeconds(30)));
            }
        }
    }

    private static (Socket Host, Socket Guest) SocketPair()
    {
        string path = Path.Combine(Path.GetTempPath(), "morgana-hosting-" + Guid.NewGuid().ToString("N"));
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        var host = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        host.Connect(new UnixDomainSocketEndPoint(path));
        var guest = listener.Accept();
        File.Delete(path);
        return (host, guest);
    }
}
