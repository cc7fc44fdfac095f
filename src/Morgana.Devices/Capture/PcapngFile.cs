using Morgana.Core;
using Morgana.Wire.Pcapng;

namespace Morgana.Devices;

/// <summary>A capture file that any number of devices may write to, through a bounded buffer and a thread of its own.</summary>
/// <remarks>The packet path copies into the buffer and never waits for the file: what does not fit is not captured, and counted.</remarks>
public sealed class PcapngFile : IDisposable
{
    private readonly Stream _stream;
    private readonly object _lock = new();
    private readonly Thread _writer;
    private byte[] _filling;
    private byte[] _writing;
    private int _filled;
    private int _interfaces;
    private bool _closing;
    private bool _disposed;

    /// <summary>Begins a capture.</summary>
    /// <param name="stream">Where it goes; disposed of with the capture.</param>
    /// <param name="bufferSize">Octets that wait to be written, twice: one buffer fills while the other is written.</param>
    /// <param name="comment">What there is to say about the capture.</param>
    public PcapngFile(Stream stream, int bufferSize = 4 << 20, string? comment = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bufferSize, 128 * 1024);
        _stream = stream;
        _filling = new byte[bufferSize];
        _writing = new byte[bufferSize];
        _filled = PcapngBlock.WriteSectionHeader(_filling, comment);
        _writer = new Thread(Write) { Name = "capture", IsBackground = true };
        _writer.Start();
    }

    /// <summary>Packets in the capture.</summary>
    public long Packets { get; private set; }

    /// <summary>Packets that the file was too slow for.</summary>
    public long Dropped { get; private set; }

    /// <summary>Why the file could not be written; null while it can.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Describes one more interface and returns its number.</summary>
    /// <exception cref="InvalidOperationException">The buffer is full.</exception>
    public int AddInterface(string name)
    {
        lock (_lock)
        {
            int written = PcapngBlock.WriteInterface(_filling.AsSpan(_filled), name);
            if (written == 0) throw new InvalidOperationException("The capture's buffer is full.");
            _filled += written;
            return _interfaces++;
        }
    }

    /// <summary>Captures a packet, or counts that it could not. Any thread; never waits for the file.</summary>
    public void Write(int interfaceId, long nanoseconds, bool isInbound, PacketBuffer packet)
    {
        lock (_lock)
        {
            int written = _disposed || Failure is not null ? 0 : PcapngBlock.WritePacket(_filling.AsSpan(_filled), interfaceId, nanoseconds, isInbound, packet);
            if (written == 0)
            {
                Dropped++;
                return;
            }

            Packets++;
            if (_filled + written > _filling.Length / 2) Monitor.Pulse(_lock);
            _filled += written;
        }
    }

    /// <summary>Writes what is buffered and closes the file.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed) return;
            _disposed = _closing = true;
            Monitor.Pulse(_lock);
        }

        _writer.Join();
        try
        {
            // What a full disk did not take, the stream tries once more.
            _stream.Dispose();
        }
        catch (Exception e) when (IsOfTheFile(e))
        {
            Failure ??= e;
        }
    }

    private static bool IsOfTheFile(Exception e) => e is IOException or UnauthorizedAccessException or ObjectDisposedException or NotSupportedException;

    private void Write()
    {
        while (true)
        {
            int count;
            lock (_lock)
            {
                // A tenth of a second gathers packets, and is as old as the file's end ever gets.
                if (!_closing && _filled < _filling.Length / 2) Monitor.Wait(_lock, 100);
                if (_closing && _filled == 0) return;
                (_filling, _writing) = (_writing, _filling);
                (count, _filled) = (_filled, 0);
            }

            if (count == 0 || Failure is not null) continue;
            try
            {
                _stream.Write(_writing, 0, count);
                _stream.Flush();
            }
            catch (Exception e) when (IsOfTheFile(e))
            {
                // A full disk ends the capture, not the network.
                lock (_lock) Failure = e;
            }
        }
    }
}
