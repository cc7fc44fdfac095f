using Morgana.Composition;

namespace Unikernel1;

/// <summary>A serial port: a kind of device that Morgana does not know.</summary>
[DeviceKind("serial", DefaultName = "serial0")]
public interface ISerialPort : IDisposable
{
    /// <summary>Reads what has come, at least one octet; zero at the end.</summary>
    int Read(Span<byte> destination);

    /// <summary>Writes all of it.</summary>
    void Write(ReadOnlySpan<byte> source);
}
