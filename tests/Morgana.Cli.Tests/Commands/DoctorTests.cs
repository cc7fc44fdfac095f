using Morgana.Build;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Commands;

/// <summary>What is said on a machine where something is missing.</summary>
public sealed class DoctorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-doctor-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Without_a_linker_the_doctor_names_the_one_command_that_mends_it()
    {
        var (status, output, error) = await WithoutProgramsAsync("doctor");
        Assert.Equal((1, ""), (status, error));
        Assert.Matches("(?m)^missing +linker +needed to build images$", output);
        Assert.Matches("(?m)^To install what is missing: sudo apt-get install .*\\bgcc\\b", output);
    }

    [Fact]
    public async Task Without_a_linker_a_build_says_so_before_it_begins()
    {
        File.WriteAllText(Path.Combine(_folder, "App.csproj"), "<Project/>");
        var (status, output, error) = await WithoutProgramsAsync("build", _folder, "-o", Path.Combine(_folder, "image"));
        Assert.Equal((1, "", "morgana: Compiling an image needs gcc: sudo apt-get install gcc\n"), (status, output, error));
    }

    [Fact]
    public async Task With_everything_there_the_doctor_says_that_images_can_be_built()
    {
        var (status, output, error) = await MorganaCommand.RunAsync("doctor");
        Assert.Equal((0, ""), (status, error));
        Assert.Matches("(?m)^ok +linker +/", output);
        Assert.Matches("(?m)^ok +static C library +/.*libc\\.a$", output);
        Assert.DoesNotContain("missing ", output.Replace("what is missing", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    // The command itself, since ./morgana needs a few programs before it.
    private Task<(int Status, string Output, string Error)> WithoutProgramsAsync(params string[] arguments) => MorganaCommand.RunAsync(new CommandSettings
    {
        Prefix = ["/usr/bin/env", "PATH=" + Directory.CreateDirectory(Path.Combine(_folder, "no-programs")).FullName],
        Program = DotnetCommand.Find(),
        Arguments = [Path.Combine(AppContext.BaseDirectory, "morgana.dll"), .. arguments],
    });
}
