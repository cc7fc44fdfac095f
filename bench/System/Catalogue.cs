namespace Morgana.Bench;

/// <summary>Every benchmark by its name.</summary>
internal static class Catalogue
{
    private static readonly (string Name, Func<Benchmark> Make)[] s_all =
    [
        ("bulk", () => new Bulk("bulk", 1500)),
        ("bulk-64k", () => new Bulk("bulk-64k", 65535)),
        ("connect-close", () => new ConnectClose()),
        ("ping-pong", () => new PingPong()),
        ("udp", () => new UdpDatagrams()),
        ("async-bulk", () => new AsyncBulk()),
        ("async-ping-pong", () => new AsyncPingPong()),
        ("frame-socket", () => new FrameSocketBulk()),
        ("gateway-up", () => new GatewayBulk("gateway-up", isUpload: true)),
        ("gateway-down", () => new GatewayBulk("gateway-down", isUpload: false)),
        ("idle-memory", () => new IdleMemory()),
        ("loss-0%", () => new Loss("loss-0%", 0)),
        ("loss-0.1%", () => new Loss("loss-0.1%", 0.001)),
        ("loss-1%", () => new Loss("loss-1%", 0.01)),
        ("loss-3%", () => new Loss("loss-3%", 0.03)),
    ];

    private static readonly unsafe (string Name, Func<Benchmark> Make)[] s_references =
    [
        ("reference-c#", () => new ReferenceBenchmark("reference-c#", ManagedLoops.Cc64)),
        ("reference-fused", () => new ReferenceBenchmark("reference-fused", ManagedLoops.Fused)),
        ("reference-c-avx2", () => new ReferenceBenchmark("reference-c-avx2", NativeLoops.CcAvx2)),
    ];

    /// <summary>All names.</summary>
    public static IEnumerable<string> Names => Available.Select(b => b.Name);

    private static IEnumerable<(string Name, Func<Benchmark> Make)> Available => [.. s_references.Where(r => r.Name != "reference-c-avx2" || NativeLoops.HasAvx2), .. s_all];

    /// <summary>Those that <paramref name="names"/> name, or whose names begin with one and a hyphen; all of them if there are no names.</summary>
    public static List<Benchmark> Make(IReadOnlyList<string> names) => [.. Available.Where(b => names.Count == 0 || names.Any(n => Means(n, b.Name))).Select(b => b.Make())];

    private static bool Means(string name, string benchmark) =>
        name == benchmark || (benchmark.StartsWith(name + "-", StringComparison.Ordinal) && !Available.Any(b => b.Name == name));
}
