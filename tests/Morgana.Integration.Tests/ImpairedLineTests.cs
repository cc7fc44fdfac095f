using System.Security.Cryptography;
using Morgana.Core;
using Morgana.Devices.Faults;

namespace Morgana.Integration.Tests;

/// <summary>Our TCP against Linux's over a relay that loses, doubles, holds back and damages frames.</summary>
public sealed class ImpairedLineTests
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(1);

    private static readonly Dictionary<string, FaultProfile> Profiles = new()
    {
        ["loss"] = new() { Delay = Delay, Loss = 0.005 },
        ["bursts"] = new() { Delay = Delay, BurstStart = 0.001, BurstEnd = 0.3 },
        ["reordering"] = new() { Delay = Delay, Reordering = 0.02, ReorderDelay = TimeSpan.FromMilliseconds(3) },
        ["duplication"] = new() { Delay = Delay, Duplication = 0.05 },
        ["corruption"] = new() { Delay = Delay, Corruption = 0.005 },
        ["delay"] = new() { Delay = TimeSpan.FromMilliseconds(15) },
        ["everything"] = new()
        {
            Delay = TimeSpan.FromMilliseconds(2),
            Jitter = TimeSpan.FromMilliseconds(0.5),
            Loss = 0.002,
            Duplication = 0.01,
            Reordering = 0.01,
            Corruption = 0.002,
        },
    };

    public static TheoryData<string, ulong, bool> Lines
    {
        get
        {
            var lines = new TheoryData<string, ulong, bool>();
            ulong seed = 7700;
            foreach (string name in Profiles.Keys)
            {
                lines.Add(name, ++seed, false);
                lines.Add(name, ++seed, true);
            }

            return lines;
        }
    }

    [RootTheory, MemberData(nameof(Lines))]
    public async Task Ten_megabytes_go_up_and_down_at_once(string faults, ulong seed, bool linuxIsServer)
    {
        string note = $"{faults}, seed {seed}, Linux is the {(linuxIsServer ? "server" : "client")}";
        var (toLinux, fromLinux) = (new FaultModel(FaultProfile.None, seed), new FaultModel(FaultProfile.None, seed + 1000));
        await using var peer = await LinuxPeer.StartAsync(line: (toLinux, fromLinux));
        // ARP has no checksum: the neighbours meet on a good line, or a damaged answer would be believed for a minute.
        Assert.True((await peer.Loop.PingAsync(LinuxPeer.LinuxAddress, TimeSpan.FromSeconds(30))).Received);
        toLinux.Profile = fromLinux.Profile = Profiles[faults];

        var (ours, linux) = await Transfers.ConnectAsync(peer, linuxIsServer);
        using (linux)
            await Transfers.ExchangeAsync(peer, ours, linux, RandomNumberGenerator.GetBytes(10_000_000), note);
        await ours.DisposeAsync();

        foreach (var model in new[] { toLinux, fromLinux })
        {
            var p = model.Profile;
            Assert.True((model.Lost > 0) == (p.Loss + p.BurstStart > 0), $"lost {model.Lost} ({note})");
            Assert.True((model.Duplicated > 0) == (p.Duplication > 0), $"doubled {model.Duplicated} ({note})");
            Assert.True((model.Reordered > 0) == (p.Reordering > 0), $"held back {model.Reordered} ({note})");
            Assert.True((model.Corrupted > 0) == (p.Corruption > 0), $"damaged {model.Corrupted} ({note})");
            model.Profile = FaultProfile.None;
        }

        if (fromLinux.Corrupted > 20) Assert.True(peer.Loop.Stack.Drops[DropReason.BadChecksum] > 0, $"no checksum was found wrong ({note})");
        await Transfers.AssertNothingLeftAsync(peer);
    }
}
