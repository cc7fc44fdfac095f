using Morgana.Build;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>A console program that knows nothing of Morgana, outside of the repository, with a library of its own that brings content: what a program finds around itself.</summary>
public sealed class PlainConsoleTests : IDisposable
{
    private const string Program = """
        using System.Diagnostics;
        using System.Runtime.InteropServices;

        var stopped = new TaskCompletionSource();
        using var signal = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => { context.Cancel = true; stopped.SetResult(); });

        Console.WriteLine($"arguments: {string.Join('|', args)}");
        Console.WriteLine($"variable: {Environment.GetEnvironmentVariable("WHO")}");
        Console.WriteLine($"content: {File.ReadAllText("own.txt").Trim()}, {File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "data/of library.txt")).Trim()}");
        Console.WriteLine($"beside it: {string.Join(' ', Directory.GetFiles("/app", "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))}");
        Console.WriteLine($"user: {Environment.UserName == File.ReadAllText("/etc/passwd").Split(':')[0]}, {Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.Create).Length > 0}");
        File.WriteAllText("/dev/null", "gone");
        Console.WriteLine($"null: {File.ReadAllText("/dev/null").Length}, full: {Fault(() => File.WriteAllText("/dev/full", "no"))}");
        var own = Process.GetCurrentProcess();
        Console.WriteLine($"processes: {own.ProcessName} {own.Id == Environment.ProcessId} {Process.GetProcesses().Length} {own.WorkingSet64 > 0} {own.Threads.Count}");
        Console.WriteLine($"start: {Fault(() => Process.Start("/bin/ls"))}");
        Console.WriteLine($"zone: {TimeZoneInfo.ConvertTime(new DateTimeOffset(2026, 7, 1, 12, 0, 0, TimeSpan.Zero), TimeZoneInfo.FindSystemTimeZoneById("Europe/Paris")):HH:mm zzz}, {TimeZoneInfo.Local.Id}");
        var data = new Data(new(2026, 1, 2), Kind.Odd, new() { ["a"] = [1, 2] }, new Library.Place(1.5, null));
        var copy = System.Text.Json.JsonSerializer.Deserialize<Data>(System.Text.Json.JsonSerializer.Serialize(data))!;
        Console.WriteLine($"json: {System.Text.Json.JsonSerializer.Serialize(copy)}");
        Console.WriteLine($"plugins: {string.Join(' ', typeof(Data).Assembly.GetTypes().Where(t => t.IsAssignableTo(typeof(IPlugin)) && t.IsClass).Select(t => ((IPlugin)Activator.CreateInstance(t)!).Name).Order())}");
        var shelves = new System.Xml.Serialization.XmlSerializer(typeof(Shelf));
        var xml = new StringWriter();
        shelves.Serialize(xml, new Shelf { Tools = { new() { Name = "saw" } } });
        Console.WriteLine($"xml: {((Shelf)shelves.Deserialize(new StringReader(xml.ToString()))!).Tools[0].Name}");
        Console.WriteLine($"newtonsoft: {Newtonsoft.Json.JsonConvert.SerializeObject(Newtonsoft.Json.JsonConvert.DeserializeObject<Shelf>("{'Tools':[{'Name':'axe'}]}"))}");
        dynamic shelf = new Shelf { Tools = { new() { Name = "late" } } }, read = Newtonsoft.Json.Linq.JObject.Parse("{'x':5}");
        Console.WriteLine($"dynamic: {shelf.Tools[0].Name + "!"} {shelf.Tools.Count + (int)read.x}");
        Console.WriteLine($"write: {Fault(() => File.WriteAllText("own.txt", "no"))}");
        if (args is ["keys"])
        {
            Console.CancelKeyPress += (_, e) => { e.Cancel = true; stopped.SetResult(); };
            Console.ForegroundColor = ConsoleColor.Red;
            Console.WriteLine("a key?");
            Console.ResetColor();
            Console.WriteLine($"{Console.ReadKey(intercept: true).Key}, {Console.WindowWidth} by {Console.WindowHeight}");
            await stopped.Task;
            Console.WriteLine("interrupted");
            return 0;
        }

        if (args is ["wait"])
        {
            Console.WriteLine("waiting");
            await stopped.Task;
            Console.WriteLine("asked to end");
            return 7;
        }

        while (Console.ReadLine() is { } line && line != "end") Console.WriteLine($"read: {line}");
        return 3;

        static string Fault(Action action)
        {
            try
            {
                action();
                return "none";
            }
            catch (Exception e)
            {
                return e.GetType().Name;
            }
        }

        enum Kind { Even, Odd }
        interface IPlugin { string Name { get; } }
        class First : IPlugin { public string Name => "first"; }
        class Second : IPlugin { public string Name => "second"; }
        public class Tool { public string? Name { get; set; } }
        public class Shelf { public List<Tool> Tools { get; set; } = []; }
        record Data(DateOnly Day, Kind? Kind, Dictionary<string, List<int>> Numbers, Library.Place Place);
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-console-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [ZoneFact]
    public async Task A_program_finds_its_world_on_every_target()
    {
        string project = Path.Combine(_folder, "World"), image = Path.Combine(_folder, "world");
        Write("World/World.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFrameworks>net8.0;net10.0</TargetFrameworks>
                <AssemblyName>its.world</AssemblyName>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Newtonsoft.Json" Version="13.0.4" />
                <None Include="own.txt" CopyToOutputDirectory="PreserveNewest" />
                <ProjectReference Include="../Library/Library.csproj" />
              </ItemGroup>
            </Project>
            """);
        Write("World/Program.cs", Program);
        Write("World/own.txt", "mine\n");
        Write("Library/Library.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
              <ItemGroup><Content Include="of library.txt" Link="data/of library.txt" CopyToOutputDirectory="PreserveNewest" /></ItemGroup>
            </Project>
            """);
        Write("Library/Class.cs", "namespace Library; public readonly record struct Place(double North, double? East);");
        Write("Library/of library.txt", "theirs\n");
        await MorganaCommand.RunProgramAsync(Path.Combine(MorganaCommand.Root, "morgana"), "build", project, "-o", image);

        await FindsItsWorldAsync(image, "process");
        if (Toolchain.FindProgram("script") is not null) await ReadsKeysAsync(image);
        if (SandboxFactAttribute.IsPossible) await FindsItsWorldAsync(image, "sandbox");
        if (Toolchain.FindProgram("qemu-system-x86_64") is null) return;
        await FindsItsWorldAsync(image, "vm", "--accel", "tcg");
    }

    private static async Task FindsItsWorldAsync(string image, string target, params string[] options)
    {
        string[] run = ["run", image, "--target", target, "--env", "WHO=Ada Lovelace", "--env", "TZ=Europe/Berlin", .. options];
        using var reads = MorganaCommand.Start([.. run, "--", "a b", "--help"]);
        await reads.LineAsync("write:");
        reads.Say("something typed\nend\n");
        var (status, output, error) = await reads.EndAsync();
        string[] said =
        [
            "arguments: a b|--help", "variable: Ada Lovelace", "content: mine, theirs", "beside it: /app/data/of library.txt /app/own.txt", "user: True, True", "null: 0, full: IOException",
            "processes: its.world True 1 True 1", "start: PlatformNotSupportedException", "zone: 14:00 +02:00, Europe/Berlin",
            """json: {"Day":"2026-01-02","Kind":1,"Numbers":{"a":[1,2]},"Place":{"North":1.5,"East":null}}""", "plugins: first second", "xml: saw", """newtonsoft: {"Tools":[{"Name":"axe"}]}""", "dynamic: late! 6", "write: IOException", "read: something typed",
        ];
        // A virtual machine's console shows what is typed.
        Assert.Equal(said, output.Replace("\r", "", StringComparison.Ordinal).TrimEnd('\n').Split('\n').Where(l => l is not ("something typed" or "end")));
        Assert.True(status == 3, $"{target}: {status}: {error}");

        using var waits = MorganaCommand.Start([.. run, "--", "wait"]);
        await waits.LineAsync("waiting");
        waits.Signal(2);
        (status, output, error) = await waits.EndAsync();
        Assert.Contains("asked to end", output, StringComparison.Ordinal);
        Assert.True(status == 0, $"{target}: {status}: {error}");
    }

    /// <summary>At a terminal: keys that are no lines, colours, its size, and Ctrl-C, which is the program's own; the terminal is as before afterwards.</summary>
    private static async Task ReadsKeysAsync(string image)
    {
        using var terminal = MorganaCommand.Start(new CommandSettings
        {
            Program = "script",
            Arguments = ["-qec", $"stty cols 90 rows 30; stty -a > {image}.before; ./morgana run {image} -- keys; stty -a | diff {image}.before - && echo as before", "/dev/null"],
            Environment = new Dictionary<string, string?> { ["TERM"] = "xterm" },
        });
        await terminal.LineWithAsync("\e[91ma key?");
        terminal.Say("\e[A");
        await terminal.LineWithAsync("UpArrow, 90 by 30");
        terminal.Say("\x3");
        await terminal.LineWithAsync("interrupted");
        var (status, output, error) = await terminal.EndAsync();
        Assert.EndsWith("as before", output.TrimEnd(), StringComparison.Ordinal);
        Assert.True(status == 0, error);
    }

    private void Write(string file, string text)
    {
        string path = Path.Combine(_folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}

/// <summary>A test that embeds time zones of the machine that builds.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ZoneFactAttribute : FactAttribute
{
    public ZoneFactAttribute() => Skip = File.Exists("/usr/share/zoneinfo/Europe/Paris") ? null : "this machine has no time zones: sudo apt-get install tzdata";
}
