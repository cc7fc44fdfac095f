using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Terminal;

/// <summary>How a long step looks, where a person watches and where nobody does; and a build that fails.</summary>
public sealed class ProgressTests : IDisposable
{
    private const char Escape = '\e';
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-progress-").FullName;

    public ProgressTests()
    {
        File.WriteAllText(Path.Combine(_folder, "App.csproj"), "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework></PropertyGroup></Project>");
        File.WriteAllText(Path.Combine(_folder, "Program.cs"), "return nothing;\n");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Where_nobody_watches_there_are_plain_lines_and_the_compilers_errors_alone()
    {
        var (status, output, error) = await MorganaCommand.RunAsync("build", _folder, "-o", Path.Combine(_folder, "image"));
        Assert.Equal((1, ""), (status, output));
        string[] lines = error.TrimEnd('\n').Split('\n');
        Assert.Equal("Building the image of App ...", lines[0]);
        Assert.Equal("morgana: The build failed with one error:", lines[^2]);
        Assert.Contains("Program.cs(1,8): error CS0103", lines[^1], StringComparison.Ordinal);
        Assert.DoesNotContain(Escape, error);
        Assert.DoesNotContain('\r', error);
    }

    [NeedsFact("script")]
    public async Task Where_a_person_watches_one_line_moves_and_is_gone_at_the_end()
    {
        var (_, output, _) = await MorganaCommand.RunAsync(new CommandSettings
        {
            Program = "script",
            Arguments = ["-qec", $"stty cols 120; ./morgana build '{_folder}' -o '{_folder}/image'", "/dev/null"],
            Environment = new Dictionary<string, string?> { ["TERM"] = "xterm" },
        });
        Assert.Contains($"\r{Escape}[K| Building the image of App 0 s", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Building the image of App ...", output, StringComparison.Ordinal);
        int end = output.IndexOf("morgana: The build failed with one error:", StringComparison.Ordinal);
        Assert.True(end > 0, output);
        Assert.EndsWith($"\r{Escape}[K", output[..end], StringComparison.Ordinal);
    }
}
