using BenchmarkDotNet.Attributes;
using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Morgana.Bench.Micro;

/// <summary>What TCP does for each segment beside its octets: the connection is found, its timer is armed.</summary>
public class Tables
{
    private readonly TcpTable _table = new(new byte[16]);
    private readonly TcpTimerWheel _wheel = new();
    private TcpTuple[] _tuples = [];
    private int _next;

    [Params(64, 65536)]
    public int Connections { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var stack = new TcpStack(new(), new BufferPool(MemoryRegion.Native(1 << 20)), new byte[32], new(), new());
        _tuples = new TcpTuple[Connections];
        for (int i = 0; i < Connections; i++)
        {
            _tuples[i] = new(Ipv4Address.From(10, 0, 0, 1), 80, Ipv4Address.From(10, 1, (byte)(i >> 8), (byte)i), (ushort)(1024 + (i >> 4)));
            _table.Add(new TcpControlBlock(stack) { Tuple = _tuples[i], TupleHash = _table.Hash(_tuples[i]) });
            _wheel.Arm(i, new(200_000_000), Instant.Zero);
        }

        new Random(1).Shuffle(_tuples);
    }

    [Benchmark]
    public object? FindConnection()
    {
        ref readonly var tuple = ref _tuples[_next = (_next + 1) & (Connections - 1)];
        return _table.Find(tuple, _table.Hash(tuple));
    }

    [Benchmark]
    public uint HashAlone() => _table.Hash(_tuples[_next = (_next + 1) & (Connections - 1)]);

    /// <summary>The entry leaves its bucket for another.</summary>
    [Benchmark]
    public void MoveTimer()
    {
        int slot = _next = (_next + 7919) & (Connections - 1);
        _wheel.Disarm(slot);
        _wheel.Arm(slot, new(200_000_000 + ((slot & 31) << 20)), Instant.Zero);
    }
}
