using Morgana.Build.Json;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>Controllers, views, Razor pages and components, which ASP.NET Core finds and fills by reflection.</summary>
public sealed class WebTests : IDisposable
{
    private const string Program = "tests/Programs/WebCases";
    private readonly string _home = Directory.CreateTempSubdirectory("morgana-web-").FullName;

    // Built with these tests; .../bin/CONFIGURATION/net10.0/.
    private static readonly string s_configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    private static string Built => Path.Combine(MorganaCommand.Root, Program, "bin", s_configuration, "net9.0", "WebCases.dll");

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    [Trait("Category", "Long")]
    public async Task Pages_answer_in_an_image_as_on_Linux()
    {
        var (status, expected, error) = await MorganaCommand.RunAsync(new CommandSettings
        {
            Program = "dotnet",
            Arguments = [Built, "--urls=http://127.0.0.1:0"],
            Environment = new Dictionary<string, string?> { ["HOME"] = _home },
            Folder = Path.Combine(MorganaCommand.Root, Program),
        });
        Assert.True(status == 0, error);
        Assert.True(expected.Split("\n== ").Length > 55, expected);
        string image = await Image.OfAsync(Program);
        (status, string output, error) = await MorganaCommand.RunAsync("run", image, "--publish", "0:80");
        Assert.True(status == 0, error);
        Assert.Equal(expected, output[output.IndexOf("== ", StringComparison.Ordinal)..]);
    }

    [Fact]
    public void The_compiler_is_told_to_keep_what_pages_and_parameters_are_made_of()
    {
        string kept = JsonDirectives.Write([Built], [.. Directory.GetFiles(PlatformOfTheWeb(), "*.dll")]);
        Assert.Contains("ArrayModelBinder`1[[System.Int32, System.Private.CoreLib]]", kept, StringComparison.Ordinal);
        Assert.Contains("CollectionModelBinder`1[[System.Guid, System.Private.CoreLib]]", kept, StringComparison.Ordinal);
        Assert.Contains("DictionaryModelBinder`2[[System.Int32, System.Private.CoreLib],[System.Object, System.Private.CoreLib]]", kept, StringComparison.Ordinal);
        Assert.Contains("TaskAwaiter`1[[System.Int32, System.Private.CoreLib]]", kept, StringComparison.Ordinal);
        Assert.Contains("HtmlHelper`1[[System.ValueTuple`2[[System.Int32, System.Private.CoreLib],[System.String, System.Private.CoreLib]], System.Private.CoreLib]]", kept, StringComparison.Ordinal);
        Assert.Contains("EnumConverter`1[[WebCases.Colour, WebCases]]", kept, StringComparison.Ordinal);
        // Views and components of the program's own, whatever their names.
        Assert.Contains("<Assembly Name=\"WebCases\" Dynamic=\"Required All\"", kept, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_has_no_pages_keeps_none()
    {
        string json = Built.Replace("WebCases", "JsonCases", StringComparison.Ordinal);
        string kept = JsonDirectives.Write([json], ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(':'));
        Assert.DoesNotContain("<Assembly Name=\"JsonCases\" Dynamic", kept, StringComparison.Ordinal);
        Assert.DoesNotContain("AspNetCore", kept, StringComparison.Ordinal);
    }

    // ASP.NET Core beside the .NET that runs these tests.
    private static string PlatformOfTheWeb()
    {
        string shared = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "../../Microsoft.AspNetCore.App"));
        return Directory.GetDirectories(shared).Order(StringComparer.Ordinal).Last();
    }
}
