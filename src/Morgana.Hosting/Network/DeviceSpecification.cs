using System.Globalization;
using Morgana.Core;
using Morgana.Devices;
using Morgana.Drivers.FrameSocket;
using Morgana.Drivers.PacketSocket;
using Morgana.Drivers.Tap;
using Morgana.Drivers.Virtio;

namespace Morgana.Hosting;

/// <summary>One device that the runner hands over: an entry of <c>MORGANA_DEVICES</c>.</summary>
/// <param name="Name">What the image calls it: <c>net0</c>.</param>
/// <param name="Driver">Which driver it needs: <c>frame-socket</c>, <c>tap</c>, <c>packet-socket</c> or <c>virtio</c>.</param>
/// <param name="Descriptor">The descriptor it is open at; for <c>virtio</c> the number of its UIO device.</param>
/// <param name="Mtu">The link's MTU, or null for the driver's own.</param>
/// <param name="Mac">The device's address, or zero where it has none.</param>
public sealed record DeviceSpecification(string Name, string Driver, int Descriptor, int? Mtu, MacAddress Mac)
{
    private const string Variable = "MORGANA_DEVICES";

    /// <summary>Parses entries between <c>;</c>, such as <c>net0=frame-socket,fd=3,mtu=65520,mac=02:00:0a:00:02:0f</c>.</summary>
    /// <exception cref="BootException">The text is not of that form.</exception>
    public static IReadOnlyList<DeviceSpecification> ParseList(string text) =>
        [.. text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Parse)];

    /// <summary>Opens the driver on the descriptor, and makes the pool: of native memory, or of the device's where only that is in its reach.</summary>
    /// <param name="poolSize">Octets of a pool of native memory.</param>
    public (INetworkDevice Device, BufferPool Pool) Open(int poolSize)
    {
        if (Driver == "virtio") return OpenVirtio();
        var pool = new BufferPool(MemoryRegion.Native(poolSize));
        return (Open(pool), pool);
    }

    private (INetworkDevice Device, BufferPool Pool) OpenVirtio()
    {
        try
        {
            var device = VirtioNetDevice.Open(Descriptor, new VirtioNetSettings { Mtu = Mtu });
            var pool = new BufferPool(device.PoolMemory);
            device.Attach(pool);
            return (device, pool);
        }
        catch (IOException e)
        {
            throw new BootException($"{Variable}: {Name} cannot be opened: {e.Message}");
        }
    }

    private INetworkDevice Open(BufferPool pool)
    {
        try
        {
            return Driver switch
            {
                "frame-socket" => FrameSocketDevice.FromDescriptor(Descriptor, pool, new FrameSocketSettings { Mtu = Mtu ?? 1500, Mac = Mac }),
                "tap" => TapDevice.FromDescriptor(Descriptor, pool, new TapSettings { Mtu = Mtu, Mac = Mac }),
                "packet-socket" => PacketSocketDevice.FromDescriptor(Descriptor, pool, new PacketSocketSettings { Mtu = Mtu, Mac = Mac }),
                _ => throw new BootException($"{Variable}: {Name} wants the driver '{Driver}', and this image has frame-socket, tap, packet-socket and virtio."),
            };
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            throw new BootException($"{Variable}: {Name} cannot be opened at descriptor {Descriptor}: {e.Message}");
        }
    }

    private static DeviceSpecification Parse(string entry)
    {
        int equals = entry.IndexOf('=', StringComparison.Ordinal);
        string[] settings = equals < 1 ? [] : entry[(equals + 1)..].Split(',');
        if (settings.Length == 0 || settings[0].Length == 0) throw new BootException($"{Variable}: '{entry}' is not of the form NAME=DRIVER,fd=N.");
        int? descriptor = null, mtu = null;
        MacAddress mac = default;
        foreach (string setting in settings.Skip(1))
        {
            bool valid = setting.Split('=', 2) switch
            {
                ["fd" or "uio", var value] => TryParse(value, 0, int.MaxValue, ref descriptor),
                ["mtu", var value] => TryParse(value, 68, 65535, ref mtu),
                ["mac", var value] => MacAddress.TryParse(value, out mac) && !mac.IsGroup,
                _ => false,
            };
            if (!valid) throw new BootException($"{Variable}: '{setting}' of {entry[..equals]} is not fd=N, uio=N, mtu=68…65535 or mac=xx:xx:xx:xx:xx:xx.");
        }

        return new(entry[..equals], settings[0], descriptor ?? throw new BootException($"{Variable}: {entry[..equals]} has no fd=N or uio=N."), mtu, mac);
    }

    private static bool TryParse(string text, int least, int most, ref int? value)
    {
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int parsed) || parsed < least || parsed > most) return false;
        value = parsed;
        return true;
    }
}
