using System.Diagnostics;
using Morgana.Core;
using Morgana.Drivers.Tap;

namespace Morgana.Devices.Tests.Tap;

/// <summary>Against Linux itself, on taps that the test makes, with no address on them, so that no traffic goes anywhere.</summary>
public class TapDeviceTests
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);
    private readonly BufferPool _pool = Frames.Pool();

    [NeedsTapTheory, InlineData(1500), InlineData(9000), InlineData(65521)]
    public void Two_taps_on_a_bridge_carry_frames_to_each_other(int mtu)
    {
        using var bridge = new Bridge(mtu);
        using var a = TapDevice.Open(bridge.First, _pool);
        using var b = TapDevice.Open(bridge.Second, _pool);
        Assert.Equal(mtu, a.Capabilities.Mtu);
        bridge.WaitUntilUp();

        for (int i = 0; i < 20; i++)
        {
            // An experimental EtherType (IEEE 802 Local Experimental 1), broadcast: the host itself has no use for it.
            byte[] content = Frames.Content(i, i == 0 ? 60 : new Random(i).Next(60, mtu + 15));
            Convert.FromHexString("FFFFFFFFFFFF02000000000188B5").CopyTo(content, 0);
            Frames.Send(a, _pool, content);
            Assert.Equal(content, ReceiveOurs(b));
        }
    }

    [NeedsTapFact]
    public void A_tap_that_is_removed_takes_the_device_down_with_a_reason()
    {
        string name = Bridge.NewName();
        Bridge.Ip($"tuntap add {name} mode tap");
        using var device = TapDevice.Open(name, _pool);
        Bridge.Ip($"link set {name} up");
        Assert.Contains("in use", Assert.Throws<IOException>(() => TapDevice.Open(name, _pool)).Message);
        Bridge.Ip($"link del {name}");
        Frames.ReceiveAll(device);
        Assert.False(device.IsUp);
        Assert.Contains(name, device.DownReason);
        device.Wait(TimeSpan.Zero);
        Frames.Send(device, _pool, Frames.Content(1, 60));
        Assert.Equal(1, device.Counters.Drops[DropReason.DeviceDown]);
        device.Dispose();
        Assert.Equal(0, _pool.InUse);
    }

    [NeedsTapFact]
    public void An_interface_that_is_down_drops_frames_and_lives_on()
    {
        using var device = TapDevice.Open(Bridge.NewName(), _pool, create: true);
        Frames.Send(device, _pool, Frames.Content(1, 60));
        Assert.Equal(1, device.Counters.Drops[DropReason.DeviceDown]);
        Assert.True(device.IsUp);
    }

    [Fact]
    public void What_is_no_tap_is_refused_in_one_line()
    {
        Assert.Contains("no interface 'nosuchtap0'", Assert.Throws<IOException>(() => TapDevice.Open("nosuchtap0", _pool)).Message);
        Assert.Throws<ArgumentException>(() => TapDevice.Open("a-name-that-is-too-long", _pool));
        using var file = File.OpenHandle("/dev/null");
        Assert.Contains("is no tap's", Assert.Throws<IOException>(() => TapDevice.FromDescriptor((int)file.DangerousGetHandle(), _pool)).Message);
    }

    /// <summary>The next frame that the test sent; the host's own, such as IPv6 router solicitations, are passed over.</summary>
    private static byte[] ReceiveOurs(INetworkDevice device)
    {
        var deadline = Stopwatch.StartNew();
        while (deadline.Elapsed < s_soon)
        {
            device.Wait(s_soon);
            foreach (byte[] frame in Frames.ReceiveAll(device))
                if (frame.Length >= 14 && frame[12] == 0x88 && frame[13] == 0xB5) return frame;
        }

        throw new TimeoutException("The frame did not come.");
    }

    /// <summary>A bridge with two taps, in the namespace of the test.</summary>
    private sealed class Bridge : IDisposable
    {
        private static int s_count;
        private readonly string _bridge = NewName();

        public Bridge(int mtu)
        {
            (First, Second) = (NewName(), NewName());
            Ip($"link add {_bridge} type bridge forward_delay 0");
            foreach (string tap in new[] { First, Second })
            {
                Ip($"tuntap add {tap} mode tap");
                Ip($"link set {tap} mtu {mtu} master {_bridge} up");
            }

            Ip($"link set {_bridge} up");
        }

        public string First { get; }

        public string Second { get; }

        public static string NewName() => $"mt{Environment.ProcessId % 100000}x{Interlocked.Increment(ref s_count)}";

        /// <summary>A port forwards once its device has a user: that is what the carrier says.</summary>
        public void WaitUntilUp()
        {
            var deadline = Stopwatch.StartNew();
            foreach (string tap in new[] { First, Second })
                while (File.ReadAllText($"/sys/class/net/{tap}/brport/state").Trim() != "3")
                {
                    Assert.True(deadline.Elapsed < s_soon, "The bridge does not forward.");
                    Thread.Yield();
                }
        }

        public static void Ip(string arguments)
        {
            using var process = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, $"ip {arguments}: {error}");
        }

        public void Dispose()
        {
            foreach (string name in new[] { First, Second, _bridge }) Ip($"link del {name}");
        }
    }
}
