using System.Buffers.Binary;
using System.Globalization;
using Morgana.Composition;
using Morgana.Storage;

namespace Samples;

/// <summary>What is measured.</summary>
internal sealed record DiskTest(string Name, bool IsWrite = false)
{
    public bool IsRandom { get; init; }

    /// <summary>Whether a flush follows each write. Else one follows the last, which counts just as much.</summary>
    public bool IsFlushed { get; init; }
}

/// <summary>Measurements with requests of one size.</summary>
internal sealed class DiskRun(IBlockDevice disk, TimeProvider clock, ByteSize size, int depth, TimeSpan limit, int seed, long requests)
{
    private readonly long _sectors = size.Octets / disk.Geometry.SectorSize;
    private readonly object _gate = new();
    private readonly List<TimeSpan> _times = [];
    private Random _order = new(seed);
    private long _begun, _next;

    // Written by this run, and so known: requests from the start of the disk.
    private long _written;
    private long? _wrong;

    public async Task<DiskResult> MeasureAsync(DiskTest test, CancellationToken stop)
    {
        _times.Clear();
        _order = new(seed);
        (_next, _wrong) = (0, null);
        _begun = clock.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, depth).Select(_ => WorkAsync(test, stop)));
        // Only now is it certain that what was written has been written.
        if (test is { IsWrite: true, IsFlushed: false }) await disk.FlushAsync(stop);
        var elapsed = clock.GetElapsedTime(_begun);
        if (test is { IsWrite: true, IsRandom: false }) _written = Math.Max(_written, _times.Count);
        return new(test.Name, size, elapsed, [.. _times.Order()]) { Wrong = _wrong };
    }

    private async Task WorkAsync(DiskTest test, CancellationToken stop)
    {
        byte[] buffer = new byte[size.Octets];
        new Random(seed).NextBytes(buffer);             // Nothing that a device could make short of.
        while (TryTake(test, out long request))
        {
            long sector = request * _sectors, from = clock.GetTimestamp();
            if (test.IsWrite) await WriteAsync(test, sector, buffer, stop);
            else await disk.ReadAsync(sector, buffer, stop);
            var time = clock.GetElapsedTime(from);
            bool isRight = test.IsWrite || request >= _written || BinaryPrimitives.ReadInt64LittleEndian(buffer) == sector;
            lock (_gate)
            {
                _times.Add(time);
                if (!isRight) _wrong ??= sector;
            }
        }
    }

    // Every request begins with the number of its first sector: what is read later must be what was written there.
    private async Task WriteAsync(DiskTest test, long sector, byte[] buffer, CancellationToken stop)
    {
        BinaryPrimitives.WriteInt64LittleEndian(buffer, sector);
        await disk.WriteAsync(sector, buffer, cancel: stop);
        if (test.IsFlushed) await disk.FlushAsync(stop);
    }

    private bool TryTake(DiskTest test, out long request)
    {
        lock (_gate)
        {
            // What a time limit has kept from being written is not there to be read: then there are fewer places.
            long places = _written > 0 && !test.IsWrite ? _written : requests;
            request = test.IsRandom ? _order.NextInt64(places) : _next;
            return _next++ < places && clock.GetElapsedTime(_begun) < limit;
        }
    }
}

/// <summary>One line of the table.</summary>
/// <param name="Test">What was measured.</param>
/// <param name="Size">Of each request.</param>
/// <param name="Elapsed">All of it.</param>
/// <param name="Times">Of each request, sorted.</param>
internal sealed record DiskResult(string Test, ByteSize Size, TimeSpan Elapsed, TimeSpan[] Times)
{
    /// <summary>A sector that did not read as it was written, or null.</summary>
    public long? Wrong { get; init; }

    public static string Heading => "test                      request  requests        MB/s  requests/s   median us     99 % us    worst us";

    public override string ToString()
    {
        double seconds = Math.Max(Elapsed.TotalSeconds, 1e-9);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Test,-24} {Size,8} {Times.Length,9} {Times.Length * Size.Octets / seconds / 1e6,11:F1} {Times.Length / seconds,11:F0} {At(0.5),11:F1} {At(0.99),11:F1} {At(1),11:F1}");
    }

    private double At(double share) => Times.Length == 0 ? 0 : Times[(int)(share * (Times.Length - 1))].TotalMicroseconds;
}
