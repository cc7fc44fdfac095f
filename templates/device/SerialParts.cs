using Microsoft.Win32.SafeHandles;
using Morgana.Composition;
using Unikernel1;

[assembly: Providers(typeof(SerialParts))]

namespace Unikernel1;

/// <summary>What opens serial ports. A runner attaches one with <c>--device serial0=file:/dev/ttyS0</c>.</summary>
public static class SerialParts
{
    /// <summary>A file that the runner has opened: a terminal line, a pipe.</summary>
    [Driver("file", Targets = Targets.Process | Targets.Managed)]
    public static ISerialPort File(DeviceHandle device) => new FilePort(device.Descriptor);

    /// <summary>What is written can be read again: for a program that runs without the device, by MorganaUse.</summary>
    [Provides(Help = "a port that is connected with itself")]
    public static ISerialPort Loopback() => new LoopbackPort();

    private sealed class FilePort(int descriptor) : ISerialPort
    {
        private readonly FileStream _stream = new(new SafeFileHandle(descriptor, ownsHandle: true), FileAccess.ReadWrite, bufferSize: 0);

        public int Read(Span<byte> destination) => _stream.Read(destination);

        public void Write(ReadOnlySpan<byte> source) => _stream.Write(source);

        public void Dispose() => _stream.Dispose();
    }

    private sealed class LoopbackPort : ISerialPort
    {
        private readonly Queue<byte> _octets = new();

        public int Read(Span<byte> destination)
        {
            int count = 0;
            while (count < destination.Length && _octets.TryDequeue(out byte octet)) destination[count++] = octet;
            return count;
        }

        public void Write(ReadOnlySpan<byte> source)
        {
            foreach (byte octet in source) _octets.Enqueue(octet);
        }

        public void Dispose()
        {
        }
    }
}
