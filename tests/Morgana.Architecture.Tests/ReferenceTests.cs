namespace Morgana.Architecture.Tests;

/// <summary>docs/architecture.md, "Rooms": what each room may depend on, directly. The list is short on purpose: a new arrow is a decision.</summary>
public class ReferenceTests
{
    private static readonly Dictionary<string, string[]> s_allowed = new()
    {
        ["Core"] = [],
        ["Wire"] = ["Core"],
        ["Protocols"] = ["Core", "Wire"],
        ["Network"] = ["Core", "Wire", "Protocols"],
        ["Devices"] = ["Core", "Wire"],
        ["Drivers.Tap"] = ["Core", "Devices"],
        ["Drivers.FrameSocket"] = ["Core", "Devices"],
        ["Drivers.Virtio"] = ["Core", "Devices", "Storage"],
        ["Drivers.PacketSocket"] = ["Core", "Devices"],
        ["Storage"] = ["Core"],
        ["Files"] = ["Storage"],
        ["HostFiles"] = ["Files"],
        ["Sockets"] = ["Core", "Composition", "Network", "Devices"],
        ["AspNetCore"] = ["Core", "Sockets"],
        ["Sandbox"] = [],
        ["HostSockets"] = ["Core", "Composition", "Sockets"],
        ["Hosting"] = ["Core", "Composition", "Storage", "HostSockets", "Sandbox", "Sockets", "AspNetCore", "Devices", "Drivers.Tap", "Drivers.FrameSocket", "Drivers.PacketSocket", "Drivers.Virtio"],
        ["SystemNative.Files"] = ["Files", "HostFiles", "SystemNative"],
        ["SystemNative"] = ["Core", "Devices", "Network", "Storage", "Files", "Composition", "Sockets", "Hosting"],
        ["Gateway"] = ["Core", "Network", "Devices", "Drivers.FrameSocket"],
        ["Composition"] = [],
        ["Composition.Generator"] = [],
        ["Sdk"] = ["Composition.Generator"],
        ["Kernel"] = [],
        ["Build"] = [],
        ["Check"] = [],
        ["Cli"] = ["Core", "Build", "Check", "Sandbox", "Gateway", "Devices", "Drivers.Tap", "Drivers.FrameSocket"],
        ["Testing"] = ["Core", "Composition", "Wire", "Protocols", "Network", "Devices", "Sockets", "Hosting"],
    };

    public static TheoryData<string> Projects => [.. Repository.Projects];

    [Theory, MemberData(nameof(Projects))]
    public void A_project_depends_on_what_its_room_allows_alone(string project)
    {
        Assert.True(s_allowed.TryGetValue(project["Morgana.".Length..], out string[]? allowed), $"{project} is no room of docs/architecture.md: decide what it may depend on.");
        var stray = Repository.References(project).Except(allowed.Select(a => "Morgana." + a));
        Assert.Empty(stray);
    }

    [Fact]
    public void Every_room_of_the_list_exists() =>
        Assert.Empty(s_allowed.Keys.Select(k => "Morgana." + k).Except(Repository.Projects));

    [Fact]
    public void The_packet_path_depends_on_no_package()
    {
        foreach (string project in new[] { "Morgana.Core", "Morgana.Wire", "Morgana.Protocols", "Morgana.Network", "Morgana.Devices", "Morgana.Drivers.Tap", "Morgana.Drivers.FrameSocket", "Morgana.Drivers.PacketSocket", "Morgana.Drivers.Virtio", "Morgana.Sockets" })
        {
            Assert.Empty(Repository.Project(project).Descendants("PackageReference"));
            Assert.Empty(Repository.Project(project).Descendants("FrameworkReference"));
        }
    }

    [Fact]
    public void Every_project_stands_in_the_solution()
    {
        string solution = Repository.Read("Morgana.slnx");
        var missing = Repository.Files.Where(f => f.EndsWith(".csproj", StringComparison.Ordinal) && (f.StartsWith("src/", StringComparison.Ordinal) || f.StartsWith("tests/", StringComparison.Ordinal)))
            .Where(f => !solution.Contains($"Path=\"{f}\"", StringComparison.Ordinal));
        Assert.Empty(missing);
    }
}
