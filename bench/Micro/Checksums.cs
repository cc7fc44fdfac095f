using BenchmarkDotNet.Attributes;
using Morgana.Core;

namespace Morgana.Bench.Micro;

/// <summary>The Internet checksum, alone and with a copy, over a header, a segment and the largest packet.</summary>
public class Checksums
{
    private byte[] _source = [];
    private byte[] _destination = [];

    [Params(20, 64, 1460, 65536)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _source = new byte[Length];
        _destination = new byte[Length];
        new Random(1).NextBytes(_source);
    }

    [Benchmark(Baseline = true)]
    public ulong Sum() => InternetChecksum.Sum(_source);

    [Benchmark]
    public ulong CopyAndSum() => InternetChecksum.CopyAndSum(_source, _destination);

    [Benchmark]
    public ulong CopyThenSum()
    {
        _source.AsSpan().CopyTo(_destination);
        return InternetChecksum.Sum(_destination);
    }
}
