using Morgana.Build;

namespace Morgana.Cli.Tests.Build;

public sealed class ProjectFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-project-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("App.csproj")]
    [InlineData("App.fsproj")]
    [InlineData("App.vbproj")]
    public void A_folder_with_one_project_and_the_project_itself_are_found(string name)
    {
        string project = Path.Combine(_folder, name);
        File.WriteAllText(project, "");
        Assert.Equal(project, ProjectFile.Locate(_folder));
        Assert.Equal(project, ProjectFile.Locate(_folder + "/"));
        Assert.Equal(project, ProjectFile.Locate(project));
    }

    [Fact]
    public void A_folder_with_none_or_several_and_what_is_not_there_are_refused()
    {
        Assert.Contains("no project file", Refusal(_folder), StringComparison.Ordinal);
        Assert.Contains("no such project", Refusal(_folder + "/nowhere"), StringComparison.Ordinal);
        foreach (string name in (string[])["B.csproj", "A.csproj"]) File.WriteAllText(Path.Combine(_folder, name), "");
        Assert.Contains("A.csproj, B.csproj", Refusal(_folder), StringComparison.Ordinal);
    }

    private static string Refusal(string path) => Assert.Throws<BuildException>(() => ProjectFile.Locate(path)).Message;
}
