using System.Diagnostics;
using Morgana.Core;
using Morgana.Devices.Tests.Tap;
using Morgana.Drivers.PacketSocket;

namespace Morgana.Devices.Tests.PacketSocket;

/// <summary>Against Linux itself, over a pair of virtual interfaces that the test makes, with no address on them, so that no traffic goes anywhere.</summary>
public class PacketSocketDeviceTests
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(20);
    private readonly BufferPool _pool = Frames.Pool();

    [NeedsTapTheory, InlineData(1500), InlineData(9000), InlineData(65520)]
    public void Two_sockets_at_the_ends_of_a_wire_carry_frames_to_each_other(int mtu)
    {
        using var wire = new Wire(mtu);
        using var a = PacketSocketDevice.Open(wire.First, _pool);
        using var b = PacketSocketDevice.Open(wire.Second, _pool);
        Assert.Equal((wire.First, mtu), (a.Name, a.Capabilities.Mtu));
        Assert.Equal(MacAddress.Parse(File.ReadAllText($"/sys/class/net/{wire.First}/address").Trim()), a.Capabilities.Mac);
        wire.WaitUntilUp();

        for (int i = 0; i < 20; i++)
        {
            byte[] content = Ours(i, i == 0 ? 60 : i == 1 ? mtu + 14 : new Random(i).Next(60, mtu + 15));
            Frames.Send(a, _pool, content);
            Assert.Equal(content, ReceiveOurs(b));
        }

        // Neither hears what it has sent itself.
        Assert.DoesNotContain(Frames.ReceiveAll(a), IsOurs);
    }

    [NeedsTapFact]
    public void What_the_host_sends_through_the_interface_is_not_received()
    {
        using var wire = new Wire(1500);
        using var host = PacketSocketDevice.Open(wire.First, _pool);
        using var guest = PacketSocketDevice.Open(wire.First, _pool);
        using var peer = PacketSocketDevice.Open(wire.Second, _pool);
        wire.WaitUntilUp();
        byte[] fromHost = Ours(1, 100), toGuest = Ours(2, 100);
        Frames.Send(host, _pool, fromHost);
        Assert.Equal(fromHost, ReceiveOurs(peer));
        Frames.Send(peer, _pool, toGuest);
        Assert.Equal(toGuest, ReceiveOurs(guest));
    }

    [NeedsTapFact]
    public void A_frame_that_is_too_long_for_the_wire_is_dropped_and_counted()
    {
        using var wire = new Wire(1500);
        using var device = PacketSocketDevice.Open(wire.First, _pool, new() { Mtu = 9000 });
        wire.WaitUntilUp();
        Frames.Send(device, _pool, Ours(1, 9001 + 18));
        Assert.Equal(1, device.Counters.Drops[DropReason.TooBig]);
        Frames.Send(device, _pool, Ours(1, 3000));
        Assert.Equal(1, device.Counters.Drops[DropReason.DeviceDown]);
        Assert.True(device.IsUp);
    }

    [NeedsTapFact]
    public void An_interface_that_is_removed_takes_the_device_down_with_a_reason()
    {
        using var wire = new Wire(1500);
        using var device = PacketSocketDevice.Open(wire.First, _pool);
        wire.WaitUntilUp();
        wire.Dispose();
        // What Linux reports first is that the interface went down, and only then that there is none.
        for (int i = 0; i < 3 && device.IsUp; i++)
        {
            Frames.ReceiveAll(device);
            Frames.Send(device, _pool, Ours(i, 60));
        }

        Assert.False(device.IsUp);
        Assert.Contains(wire.First, device.DownReason);
        device.Dispose();
        Assert.Equal(0, _pool.InUse);
    }

    [Fact]
    public void What_is_no_packet_socket_is_refused_in_one_line()
    {
        using var file = File.OpenHandle("/dev/null");
        Assert.Contains("is no packet socket", Assert.Throws<IOException>(() => PacketSocketDevice.FromDescriptor((int)file.DangerousGetHandle(), _pool)).Message);
        Assert.Throws<ArgumentException>(() => PacketSocketDevice.Open("a-name-that-is-too-long", _pool));
    }

    [NeedsTapFact]
    public void What_is_no_interface_is_refused_in_one_line()
    {
        Assert.Contains("no interface 'nosuch0'", Assert.Throws<IOException>(() => PacketSocketDevice.Open("nosuch0", _pool)).Message);
        Assert.Contains("no Ethernet", Assert.Throws<IOException>(() => PacketSocketDevice.Open("lo", _pool)).Message);
    }

    /// <summary>A frame of an experimental EtherType (IEEE 802 Local Experimental 1), broadcast: the host itself has no use for it.</summary>
    private static byte[] Ours(int number, int length)
    {
        byte[] content = Frames.Content(number, length);
        Convert.FromHexString("FFFFFFFFFFFF02000000000188B5").CopyTo(content, 0);
        return content;
    }

    private static bool IsOurs(byte[] frame) => frame.Length >= 14 && frame[12] == 0x88 && frame[13] == 0xB5;

    /// <summary>The next frame that the test sent; the host's own, such as IPv6 router solicitations, are passed over.</summary>
    private static byte[] ReceiveOurs(PacketSocketDevice device)
    {
        var deadline = Stopwatch.StartNew();
        while (deadline.Elapsed < s_soon)
        {
            device.Wait(s_soon);
            if (Frames.ReceiveAll(device).Find(IsOurs) is { } frame) return frame;
        }

        throw new TimeoutException("The frame did not come.");
    }

    /// <summary>Two interfaces that are the ends of one wire.</summary>
    private sealed class Wire : IDisposable
    {
        private static int s_count;
        private bool _isGone;

        public Wire(int mtu)
        {
            (First, Second) = (NewName(), NewName());
            Ip($"link add {First} mtu {mtu} type veth peer name {Second} mtu {mtu}");
            foreach (string end in new[] { First, Second }) Ip($"link set {end} up");
        }

        public string First { get; }

        public string Second { get; }

        public void WaitUntilUp()
        {
            var deadline = Stopwatch.StartNew();
            foreach (string end in new[] { First, Second })
                while (File.ReadAllText($"/sys/class/net/{end}/carrier").Trim() != "1")
                {
                    Assert.True(deadline.Elapsed < s_soon, "The wire has no carrier.");
                    Thread.Yield();
                }
        }

        public void Dispose()
        {
            if (!_isGone) Ip($"link del {First}");
            _isGone = true;
        }

        private static string NewName() => $"mv{Environment.ProcessId % 100000}x{Interlocked.Increment(ref s_count)}";

        private static void Ip(string arguments)
        {
            using var process = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, $"ip {arguments}: {error}");
        }
    }
}
