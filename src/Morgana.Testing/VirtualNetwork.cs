using System.Globalization;
using System.Text;
using Morgana.Core;
using Morgana.Devices.Faults;
using Morgana.Network;

namespace Morgana.Testing;

/// <summary>Hosts on a switch, on virtual time: a run depends on its seed and on nothing else.</summary>
/// <example>
/// <code>
/// using var network = new VirtualNetwork(seed: 42) { Link = new() { Loss = 0.01 } };
/// var (client, server) = (network.AddHost("10.0.0.1"), network.AddHost("10.0.0.2"));
/// client.Stack.Icmp.SendEcho(server.Address, 1, 1, "hello"u8, network.Now);
/// network.RunUntil(() => client.Stack.Icmp.TryTakeReply(out _), limit: TimeSpan.FromSeconds(1)); // Virtual.
/// </code>
/// </example>
public sealed class VirtualNetwork : IDisposable
{
    private const int LogLimit = 200;

    private readonly PriorityQueue<(VirtualHost To, byte[] Frame), (long At, long Order)> _inFlight = new();
    private readonly List<VirtualHost> _hosts = [];
    private readonly Dictionary<ulong, VirtualHost> _byMac = [];
    private readonly Queue<string> _log = new();
    private FaultProfile _link = new() { Delay = TimeSpan.FromMilliseconds(1) };
    private long _order;
    private long _steps;

    /// <summary>A network without hosts.</summary>
    /// <param name="seed">Decides which frames meet with what.</param>
    public VirtualNetwork(ulong seed = 1) => Seed = seed;

    /// <summary>The seed.</summary>
    public ulong Seed { get; }

    /// <summary>What happens to frames that hosts send; a delay of 1 ms and nothing else until it is set. Each host's cable has its own dice.</summary>
    public FaultProfile Link
    {
        get => _link;
        set
        {
            _link = value;
            foreach (var host in _hosts) host.Faults.Profile = value;
        }
    }

    /// <summary>Whether to keep the stack trace of each rent, for <see cref="Describe"/>. Slow: for hunting a leak that is known to be there.</summary>
    public bool FindsLeaks { get; init; }

    /// <summary>Steps until a run is given up.</summary>
    public long EventBudget { get; set; } = 5_000_000;

    /// <summary>The time on this network.</summary>
    public Instant Now { get; private set; } = new(1_000_000_000);

    /// <summary>The hosts.</summary>
    public IReadOnlyList<VirtualHost> Hosts => _hosts;

    /// <summary>Frames on their way.</summary>
    public int FramesInFlight => _inFlight.Count;

    /// <summary>Blocks that are out of the hosts' pools.</summary>
    public int BuffersInUse => _hosts.Sum(h => h.Pool.InUse);

    /// <summary>Sees each frame that a host sends; false loses it.</summary>
    public Func<VirtualHost, byte[], bool>? Filter { get; set; }

    /// <summary>Adds a host with an address in a network of 24 bits.</summary>
    /// <param name="address">Its address.</param>
    /// <param name="mtu">Its MTU.</param>
    /// <param name="configure">Changes what its interface is.</param>
    /// <param name="options">Limits of its stack.</param>
    /// <param name="poolOctets">Memory of its pool.</param>
    public VirtualHost AddHost(
        string address, int mtu = 1500, Func<InterfaceOptions, InterfaceOptions>? configure = null, NetworkStackOptions? options = null, int poolOctets = 4 << 20)
    {
        int index = _hosts.Count;
        var interfaceOptions = new InterfaceOptions
        {
            Name = $"host{index}",
            Mac = new(0x0200_0000_0001 + (ulong)index),
            Mtu = mtu,
            Addresses = [new(Ipv4Address.Parse(address), 24)],
        };
        var host = new VirtualHost(this, index, configure?.Invoke(interfaceOptions) ?? interfaceOptions, options ?? new(), poolOctets);
        _hosts.Add(host);
        _byMac[host.Interface.Mac.Value] = host;
        return host;
    }

    /// <summary>Runs until <paramref name="condition"/> holds.</summary>
    /// <exception cref="TimeoutException">It does not hold at the limit, or when nothing more can happen; the message has the seed and the last frames.</exception>
    public void RunUntil(Func<bool> condition, TimeSpan limit)
    {
        var end = Now + limit;
        while (true)
        {
            Settle();
            if (condition()) return;
            var next = NextEvent();
            if (next > end) throw new TimeoutException(Describe(next == Instant.Never ? "nothing more can happen" : $"{limit} have passed"));
            Advance(next);
        }
    }

    /// <summary>Runs for so long.</summary>
    public void Run(TimeSpan time)
    {
        var end = Now + time;
        Settle();
        for (var next = NextEvent(); next <= end; next = NextEvent())
        {
            Advance(next);
            Settle();
        }

        Now = end;
    }

    /// <summary>Runs until no frame is on its way and no timer is set: neighbours forgotten and TIME_WAIT over, too.</summary>
    /// <exception cref="TimeoutException">That was not so within the limit.</exception>
    public void RunUntilIdle(TimeSpan? limit = null)
    {
        var end = Now + (limit ?? TimeSpan.FromHours(4));
        Settle();
        for (var next = NextEvent(); next != Instant.Never; next = NextEvent())
        {
            if (next > end) throw new TimeoutException(Describe("it does not come to rest"));
            Advance(next);
            Settle();
        }
    }

    /// <summary>The seed, the time, what holds buffers, and the last frames.</summary>
    public string Describe(string what)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"Seed {Seed} at {Now}: {what}. {_inFlight.Count} frames in flight, {BuffersInUse} blocks in use.");
        foreach (var host in _hosts)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{host.Interface}: {host.Pool.InUse} blocks in use, next timer {host.Stack.NextTimeout}");
            if (host.Leaks is { Count: > 0 } leaks) text.AppendLine(leaks.Report());
        }

        foreach (string line in _log) text.AppendLine(line);
        return text.ToString();
    }

    /// <inheritdoc/>
    public void Dispose() => _inFlight.Clear();

    internal void Send(VirtualHost from, byte[] frame)
    {
        Log(from, frame);
        if (!from.IsConnected || Filter?.Invoke(from, frame) == false) return;
        ulong to = MacAddress.Read(frame).Value;
        if (_byMac.TryGetValue(to, out var host))
        {
            if (host != from) Carry(from, host, frame);
            return;
        }

        // A switch floods what it does not know, and what is for all.
        foreach (var other in _hosts)
            if (other != from) Carry(from, other, frame);
    }

    private void Carry(VirtualHost from, VirtualHost to, byte[] frame)
    {
        var fate = from.Faults.Decide(frame.Length, Now);
        if (fate.IsLost) return;
        byte[] arrives = fate.Length < frame.Length ? frame[..fate.Length] : frame;
        if (fate.CorruptBit >= 0)
        {
            arrives = [.. arrives];
            arrives[fate.CorruptBit / 8] ^= (byte)(1 << (fate.CorruptBit % 8));
        }

        Deliver(to, arrives, fate.Arrival);
        if (fate.IsDuplicated) Deliver(to, arrives, fate.SecondArrival);
    }

    private void Deliver(VirtualHost to, byte[] frame, Instant at) => _inFlight.Enqueue((to, frame), (at.Nanoseconds, _order++));

    // Everything that is due now, until nobody has anything to do.
    private void Settle()
    {
        bool worked = true;
        while (worked)
        {
            worked = false;
            foreach (var host in _hosts)
            {
                Step();
                if (host.Stack.NextTimeout <= Now)
                {
                    host.Stack.HandleTimeouts(Now);
                    worked = true;
                }

                worked |= host.Pump();
            }
        }
    }

    private Instant NextEvent()
    {
        var next = Instant.Never;
        if (_inFlight.TryPeek(out _, out var first)) next = new(first.At);
        foreach (var host in _hosts) next = Instant.Min(next, host.Stack.NextTimeout);
        return next;
    }

    private void Advance(Instant to)
    {
        Step();
        Now = Instant.Max(Now, to);
        while (_inFlight.TryPeek(out var delivery, out var first) && first.At <= Now.Nanoseconds)
        {
            Step();
            _inFlight.Dequeue();
            if (delivery.To.IsConnected) delivery.To.Inject(delivery.Frame);
        }
    }

    private void Step()
    {
        if (++_steps > EventBudget) throw new InvalidOperationException(Describe($"given up after {EventBudget} steps"));
    }

    private void Log(VirtualHost from, byte[] frame)
    {
        if (_log.Count == LogLimit) _log.Dequeue();
        string head = Convert.ToHexString(frame.AsSpan(0, Math.Min(frame.Length, 74)));
        _log.Enqueue($"{Now} {from.Interface.Name} {frame.Length} {head}");
    }
}
