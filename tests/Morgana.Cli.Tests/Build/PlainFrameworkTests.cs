using Morgana.Build;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Build;

/// <summary>Which framework MSBuild takes for a program that knows nothing of us, and which project it refuses. Nothing is compiled.</summary>
public sealed class PlainFrameworkTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-framework-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("App.csproj", "<TargetFramework>net10.0</TargetFramework>")]
    [InlineData("App.fsproj", "<TargetFramework>net8.0</TargetFramework>")]
    [InlineData("App.csproj", "<TargetFrameworks>net6.0;net10.0</TargetFrameworks>")]
    [InlineData("App.csproj", "<TargetFrameworks>net48; net12.0 ;netstandard2.0</TargetFrameworks>")]
    public async Task Programs_for_whatever_NET_since_5_are_compiled_for_ours(string file, string frameworks) =>
        Assert.Equal("net9.0", await FrameworkAsync(Project(file, "<OutputType>Exe</OutputType>" + frameworks)));

    [Fact]
    public async Task A_program_that_is_one_file_is_compiled_for_ours()
    {
        string program = Path.Combine(_folder, "one.cs");
        File.WriteAllText(program, "#:property TargetFramework=net10.0\nSystem.Console.WriteLine();\n");
        Assert.Equal("net9.0", await FrameworkAsync(program));
    }

    [Theory]
    [InlineData("<TargetFramework>net10.0</TargetFramework>", "net9.0")]
    [InlineData("<TargetFrameworks>netstandard2.0;net10.0</TargetFrameworks>", "")]     // NuGet chooses.
    [InlineData("<TargetFrameworks>net10.0;net11.0</TargetFrameworks>", "net9.0")]
    public async Task A_library_beside_it_changes_only_if_the_program_could_not_use_it(string frameworks, string expected)
    {
        string program = Project("App.csproj", "<OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework>");
        Assert.Equal(expected, await FrameworkAsync(Project("Library.csproj", frameworks), program));
    }

    [Theory]
    [InlineData("<TargetFramework>net10.0</TargetFramework>", "makes a library")]
    [InlineData("<OutputType>Exe</OutputType><TargetFramework>net48</TargetFramework>", "net48")]
    [InlineData("<OutputType>Exe</OutputType><TargetFrameworks>net48;net8.0-windows</TargetFrameworks>", "net48;net8.0-windows")]
    public async Task What_no_image_is_made_of_is_refused_before_anything_is_restored(string properties, string reason)
    {
        string project = Project("App.csproj", properties);
        var builder = new Builder(BuildKind.Image, new Silence());
        var refusal = await Assert.ThrowsAsync<BuildException>(() => builder.BuildAsync(project, default));
        Assert.Contains(reason, Assert.Single(refusal.Details), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder, "obj", "project.assets.json")));
    }

    private string Project(string file, string properties)
    {
        string path = Path.Combine(_folder, file);
        File.WriteAllText(path, $"<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup>{properties}</PropertyGroup></Project>");
        return path;
    }

    private static async Task<string> FrameworkAsync(string project, string? program = null) =>
        (await MorganaCommand.RunProgramAsync("dotnet", ["build", project, .. PlainProgram.Arguments(program ?? project), "-getProperty:TargetFramework"])).Trim();

    private sealed class Silence : IBuildLog
    {
        public void Started(string work) { }

        public void Step(string step) { }

        public void Warning(string line) { }

        public void Finished(string work, TimeSpan elapsed) { }
    }
}
