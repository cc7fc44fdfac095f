using Morgana.Core;

namespace Morgana.Devices.Tests;

/// <summary>Frames with contents that can be told apart, and the loop's part in moving them.</summary>
internal static class Frames
{
    public static BufferPool Pool(int blocks = 256) => new(MemoryRegion.Pinned(blocks * PoolBlock.Size));

    public static byte[] Content(int number, int length)
    {
        byte[] bytes = new byte[length];
        new Random(number).NextBytes(bytes);
        return bytes;
    }

    public static PacketBuffer Packet(BufferPool pool, ReadOnlySpan<byte> content)
    {
        Assert.True(pool.TryRentPacket(PacketBuffer.Headroom, out var packet));
        Assert.True(packet.TryAppend(content));
        return packet;
    }

    public static byte[] Take(PacketBuffer packet)
    {
        byte[] bytes = new byte[packet.Length];
        packet.CopyTo(0, bytes);
        packet.Release();
        return bytes;
    }

    /// <summary>Sends one frame; the device has to take it.</summary>
    public static void Send(INetworkDevice device, BufferPool pool, ReadOnlySpan<byte> content)
    {
        Assert.Equal(1, device.Transmit([Packet(pool, content)]));
        Reclaim(device);
    }

    public static void Reclaim(INetworkDevice device)
    {
        var done = new PacketBuffer[64];
        for (int n; (n = device.Reclaim(done)) > 0;)
            for (int i = 0; i < n; i++) done[i].Release();
    }

    /// <summary>All frames that wait now.</summary>
    public static List<byte[]> ReceiveAll(INetworkDevice device)
    {
        var received = new List<byte[]>();
        var frames = new PacketBuffer[7];
        for (int n; (n = device.Receive(frames)) > 0;)
            for (int i = 0; i < n; i++) received.Add(Take(frames[i]));
        return received;
    }
}
