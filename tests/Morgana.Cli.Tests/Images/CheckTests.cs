using System.Text.Json;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary><c>morgana check</c> of a program outside of the repository, compiled ahead of time.</summary>
public sealed class CheckTests : IDisposable
{
    private const string Project = """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings><MorganaTimeZones>Asia/*;UTC</MorganaTimeZones></PropertyGroup>
        </Project>
        """;

    private const string Program = """
        using System.Diagnostics;
        using System.Runtime.InteropServices;
        if (args.Length == 2) await Orders.StartAsync(args[0]);
        if (args.Length == 3) Console.WriteLine(Orders.Count(1));
        if (args.Length == 4) Console.WriteLine(Type.GetType(args[0]));
        if (args is ["zones"]) Console.WriteLine($"{TimeZoneInfo.FindSystemTimeZoneById("Asia/Tokyo").BaseUtcOffset.Hours}, {TimeZoneInfo.TryFindSystemTimeZoneById("Europe/Paris", out _)}");
        Console.WriteLine("Hello");
        static class Orders
        {
            public static async Task StartAsync(string program)
            {
                await Task.Yield();
                Process.Start(program);
            }
            public static void Unused() => Process.Start("by name, perhaps");
            [DllImport("orders")] public static extern int Count(int of);
        }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-check-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [ZoneFact]
    public async Task What_a_program_calls_in_vain_is_told_with_its_line()
    {
        string source = Path.Combine(_folder, "Program.cs");
        await File.WriteAllTextAsync(Path.Combine(_folder, "Odd.csproj"), Project);
        await File.WriteAllTextAsync(source, Program);
        var (status, output, _) = await MorganaCommand.RunAsync("check", _folder, "--format", "json");
        Assert.Equal(1, status);
        var found = JsonDocument.Parse(output).RootElement.EnumerateArray().Select(f => $"{f.GetProperty("verdict")} {f.GetProperty("what")} {f.GetProperty("place")} {f.GetProperty("line")}");
        Assert.Equal(["fails Count of the native library 'orders' Program.cs 4", "fails Process.Start Program.cs 13", "fails Process.Start Program.cs 15", "mayFail IL2057 Program.cs 5"], found);

        // The image is there, and it says the same of it without making it again.
        (status, output, string error) = await MorganaCommand.RunAsync("check", _folder);
        Assert.Equal(1, status);
        Assert.Contains("  Process.Start\n      Program.cs(13)\n      Program.cs(15)\n    PlatformNotSupportedException", output, StringComparison.Ordinal);
        Assert.EndsWith("Odd: places in it and its packages: 3 failing, 1 unsure (docs/any-program.md).\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("compiling", error, StringComparison.Ordinal);

        // Some zones, by their names.
        (status, output, error) = await MorganaCommand.RunAsync("run", _folder, "--net", "none", "--", "zones");
        Assert.True(status == 0, error);
        Assert.Equal("9, False\nHello\n", output);
    }
}
