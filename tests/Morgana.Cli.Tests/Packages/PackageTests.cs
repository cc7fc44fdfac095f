using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using Morgana.Build;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Packages;

/// <summary>A test which packs what a release build has made.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ReleaseFactAttribute : FactAttribute
{
#if DEBUG
    public ReleaseFactAttribute() => Skip = "packs a release build: run it with ./test, or -c Release";
#endif
}

/// <summary>Projects outside the repository, from the feed that a script makes and nothing else.</summary>
public sealed class PackageTests : IDisposable
{
    private const int Interrupt = 2;
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-packages-").FullName;

    private string Feed => Path.Combine(_folder, "feed");

    private string Tool => Path.Combine(_folder, "tools", "morgana");

    private static string Cache => Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private Dictionary<string, string?> Alone => new() { ["NUGET_PACKAGES"] = Path.Combine(_folder, "packages"), ["MSBUILDDISABLENODEREUSE"] = "1" };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [ReleaseFact]
    public async Task A_user_builds_and_runs_from_the_feed_alone_and_adds_a_kind_of_device()
    {
        await RunAsync(Path.Combine(MorganaCommand.Root, "feed"), "--no-build", Feed);
        CheckPackages();

        // The command itself comes from the feed, too.
        await RunAsync("dotnet", "tool", "install", "Morgana.Cli", "--tool-path", "tools", "--add-source", Feed, "--version", "0.1.0");
        string morgana = Tool;
        await NewAsync(morgana, "web", "Shop");
        await RunAsync("dotnet", "build", "Shop", "-nodeReuse:false", "-v", "q");
        string help = await RunAsync("dotnet", "Shop/bin/Debug/net9.0/linux-x64/Shop.dll", "--help");
        Assert.Contains("--port=PORT", help);

        await CheckKernelAsync(morgana);

        // A kind of device that Morgana does not know, in a package of the user's own, and a unikernel that needs it.
        await NewAsync(morgana, "device", "Serial");
        await RunAsync("dotnet", "pack", "Serial", "-o", Feed, "-nodeReuse:false", "-v", "q");
        await NewUnikernelAsync(morgana, "Greeter", """<PackageReference Include="Serial" Version="1.0.0" />""", """
            using Morgana.Composition;
            using Serial;

            [Unikernel]
            public sealed partial class Greeter(ISerialPort port)
            {
                [BootArgument] public string Name { get; init; } = "World";
                public void Run() => port.Write(System.Text.Encoding.ASCII.GetBytes($"Hello, {Name}!"));
            }
            """);
        string graph = await RunAsync(morgana, "describe", "Greeter");
        Assert.Contains("serial0  serial, by file", graph);
        string line = Path.Combine(_folder, "line");
        File.WriteAllText(line, "");
        await RunAsync(morgana, "run", "Greeter", "--target", "managed", "--device", $"serial0=file:{line}", "--", "--name=port");
        Assert.Equal("Hello, port!", File.ReadAllText(line));

        await AnImageOnTheHostsSocketsAsync(morgana);
    }

    [ReleaseFact]
    [Trait("Category", "Long")]
    public async Task The_installed_command_alone_runs_programs_that_know_nothing_of_Morgana()
    {
        await RunAsync(Path.Combine(MorganaCommand.Root, "feed"), "--no-build", Feed);
        await RunAsync("dotnet", "tool", "install", "Morgana.Cli", "--tool-path", "tools", "--add-source", Feed, "--version", "0.1.0");
        // No feed at all.
        Directory.Delete(Feed, recursive: true);
        File.WriteAllText(Path.Combine(_folder, "NuGet.config"), $"""
            <configuration>
              <packageSources><clear /></packageSources>
              <fallbackPackageFolders><add key="cache" value="{Cache}" /></fallbackPackageFolders>
            </configuration>
            """);

        await RunAsync("dotnet", "new", "console", "-o", "Plain", "--no-restore");
        File.WriteAllText(Path.Combine(_folder, "Plain", "Program.cs"), """
            using System.Text.Json;
            Console.WriteLine(JsonSerializer.Serialize(new Place(Environment.MachineName, File.Exists("/etc/debian_version"), 1.5)));
            record Place(string Host, bool IsOutside, double? East);
            """);
        Assert.Equal("""{"Host":"morgana","IsOutside":false,"East":1.5}""" + "\n", await RunAsync(Tool, "run", "Plain", "--publish", "0:80"));

        await RunAsync("dotnet", "new", "web", "-o", "Shop", "--no-restore");
        using var command = MorganaCommand.Start(new CommandSettings { Program = Tool, Arguments = ["run", "Shop", "--publish", "0:80"], Folder = _folder, Environment = Alone });
        using var client = new HttpClient { BaseAddress = new Uri($"http://localhost:{await command.PortAsync(80)}/"), Timeout = TimeSpan.FromMinutes(2) };
        Assert.Equal("Hello World!", await client.GetStringAsync("/"));
        command.Signal(Interrupt);
        var (status, _, error) = await command.EndAsync();
        Assert.True(status == 0, error);
    }

    /// <summary>Compiled ahead of time outside the repository, with another provider by the project's choice, and run.</summary>
    private async Task AnImageOnTheHostsSocketsAsync(string morgana)
    {
        await NewUnikernelAsync(morgana, "Caller", """<MorganaUse Include="INetworkStack" Provider="HostSockets" />""", """
            using Morgana.Composition;
            using Morgana.Core;
            using Morgana.Devices;
            using Morgana.Sockets;

            [Unikernel(Help = "Says what it is told.")]
            public sealed partial class Caller(INetworkStack network, IConsole console)
            {
                [BootArgument] public required IpEndpoint Server { get; init; }

                public async Task RunAsync(CancellationToken stop)
                {
                    await using var connection = await network.ConnectAsync(Server, cancel: stop);
                    await connection.Output.WriteAsync("who?"u8.ToArray(), stop);
                    await connection.Output.CompleteAsync();
                    using var reader = new StreamReader(connection.AsStream());
                    console.WriteLine(await reader.ReadToEndAsync(stop));
                }
            }
            """);
        string image = Path.Combine(_folder, "caller");
        await RunAsync(morgana, "build", "Caller", "-o", image);
        Assert.Contains("HostSocketParts.HostSockets", await RunAsync(morgana, "describe", image));

        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var asked = AnswerAsync(server);
        string said = await RunAsync(morgana, "run", image, "--", $"--server=127.0.0.1:{((IPEndPoint)server.LocalEndpoint).Port}");
        Assert.Equal("the host\n", said);
        Assert.Equal("who?", await asked);
    }

    private static async Task<string> AnswerAsync(TcpListener server)
    {
        using var connection = await server.AcceptTcpClientAsync();
        var stream = connection.GetStream();
        string question = await new StreamReader(stream).ReadToEndAsync();
        await stream.WriteAsync("the host"u8.ToArray());
        return question;
    }

    // The kernel that the command has brought boots, and says that a program which wants shared libraries is none for it.
    private async Task CheckKernelAsync(string morgana)
    {
        const int unfit = 78;
        string program = Path.Combine(_folder, "program");
        File.Copy("/bin/true", program);
        var (status, output, error) = await MorganaCommand.RunAsync(new CommandSettings { Program = morgana, Arguments = ["run", program, "--target", "vm", "--accel", "tcg", "--net", "none"], Folder = _folder });
        if (Toolchain.FindProgram("qemu-system-x86_64") is null) return;
        Assert.True(status == unfit, $"{status}: {output}\n{error}");
        Assert.Contains("the application is no static x86-64 program", output, StringComparison.Ordinal);
    }

    private void CheckPackages()
    {
        string[] packages = Directory.GetFiles(Feed, "*.nupkg");
        Assert.True(packages.Length >= 20, string.Join(", ", packages));
        foreach (string package in packages)
        {
            using var zip = ZipFile.OpenRead(package);
            Assert.Contains(zip.Entries, e => e.FullName == "README.md");
            if (Path.GetFileName(package).StartsWith("Morgana.Sdk.", StringComparison.Ordinal)) Assert.Contains(zip.Entries, e => e.FullName == "diagnostics/MORG001.md");
            // With what it makes images of programs that know nothing of us, without a feed.
            if (Path.GetFileName(package).StartsWith("Morgana.Cli.", StringComparison.Ordinal))
                Assert.All((string[])["PlainFramework.targets", "Plain.targets", "Json.targets", "Processes.Substitutions.xml", "Quic.Substitutions.xml", "Http3.Substitutions.xml", "openssl.sh", "lib/Morgana.SystemNative.dll", "lib/Morgana.SystemNative.Files.dll", "lib/Morgana.Network.dll"], f => Assert.Contains(zip.Entries, e => e.FullName.StartsWith("tools/", StringComparison.Ordinal) && e.FullName.EndsWith("/any/Sdk/" + f, StringComparison.Ordinal)));
            bool hasCode = zip.Entries.Any(e => e.FullName.StartsWith("lib/", StringComparison.Ordinal) && e.Name.EndsWith(".dll", StringComparison.Ordinal));
            if (hasCode) Assert.True(File.Exists(Path.ChangeExtension(package, ".snupkg")), $"{package} has no symbols.");
        }
    }

    private async Task NewAsync(string morgana, string kind, string name)
    {
        await RunAsync(morgana, "new", kind, name, "--feed", Feed);
        UseCacheIn(name);
    }

    /// <summary>A unikernel as the template makes it, with an item more in its project, and another program.</summary>
    private async Task NewUnikernelAsync(string morgana, string name, string item, string source)
    {
        await NewAsync(morgana, "unikernel", name);
        File.WriteAllText(Path.Combine(_folder, name, name + ".csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <Sdk Name="Morgana.Sdk" Version="0.1.0" />
              <ItemGroup>{item}</ItemGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(_folder, name, name + ".cs"), source);
    }

    /// <summary>The compilers and frameworks come from where they are; Morgana's own packages from the feed alone.</summary>
    private void UseCacheIn(string project)
    {
        string file = Path.Combine(_folder, project, "NuGet.config"), text = File.ReadAllText(file);
        Assert.Contains(Feed, text);
        File.WriteAllText(file, text.Replace("</configuration>", $"  <fallbackPackageFolders><add key=\"cache\" value=\"{Cache}\" /></fallbackPackageFolders>\n</configuration>").Replace("<packageSources>", "<packageSources><clear />"));
    }

    private async Task<string> RunAsync(string program, params string[] arguments)
    {
        var (status, output, error) = await MorganaCommand.RunAsync(new CommandSettings
        {
            Program = program,
            Arguments = arguments,
            Folder = _folder,
            Environment = Alone,
        });
        Assert.True(status == 0, $"'{program} {string.Join(' ', arguments)}' ended with {status}:\n{output}\n{error}");
        return output;
    }
}
