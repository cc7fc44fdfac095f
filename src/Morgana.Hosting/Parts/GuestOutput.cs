using System.Globalization;
using System.Text;
using Morgana.Drivers.Virtio;

namespace Morgana.Hosting;

/// <summary>
/// Standard output of a virtual machine: its first lines go by the serial line, as everybody's, and what follows by a virtio console, which
/// takes them by pages instead of octets. Whoever says little never opens the device. Both end in one stream of the monitor's, in order.
/// </summary>
internal sealed class GuestOutput : Stream
{
    private const string Variable = "MORGANA_CONSOLE";
    private const int OpenAfter = 4096;

    // What the host has not taken when the program ends: a reader that has gone away must not keep the machine.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);
    private static bool s_isAsked;

    private readonly Stream _serial;
    private readonly int _number;
    private int _left = OpenAfter;
    private VirtioConsoleDevice? _device;

    internal GuestOutput(Stream serial, int number) => (_serial, _number) = (serial, number);

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Lets <see cref="Console.Out"/> go this way from now on, if the runner has handed a device over.</summary>
    /// <exception cref="BootException">What it says is no device.</exception>
    public static void UseIfHandedOver()
    {
        if (s_isAsked) return;
        s_isAsked = true;
        if (Environment.GetEnvironmentVariable(Variable) is not { } text) return;
        if (!text.StartsWith("uio=", StringComparison.Ordinal) || !int.TryParse(text.AsSpan(4), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            throw new BootException($"{Variable}={text}: expected uio=N.");
        var output = new GuestOutput(Console.OpenStandardOutput(), number);
        Console.SetOut(new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 1024) { AutoFlush = true });
        AppDomain.CurrentDomain.ProcessExit += (_, _) => output._device?.Flush(s_patience);
    }

    // Console.Out lets one thread in at a time.
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_left > 0)
        {
            _serial.Write(buffer);
            if ((_left -= buffer.Length) <= 0) Open();
            return;
        }

        try
        {
            if (_device is null) _serial.Write(buffer);
            else _device.Write(buffer);
        }
        catch (VirtioException e)
        {
            _device = null;
            Complain(e);
            _serial.Write(buffer);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Open()
    {
        try
        {
            _device = VirtioConsoleDevice.Open(_number);
        }
        catch (IOException e)
        {
            Complain(e);
        }
    }

    // The serial line is always there.
    private static void Complain(IOException e) => Console.Error.WriteLine($"{Variable}: output goes by the serial line: {e.Message}");
}
