using Morgana.Build.Json;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>JSON of a program's own types without a context of the source generator's: the converters that .NET makes at run time are in the image.</summary>
public class JsonTests
{
    private const string Program = "tests/Programs/JsonCases";

    // Built with these tests; .../bin/CONFIGURATION/net10.0/.
    private static readonly string s_configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    private static string Built => Path.Combine(MorganaCommand.Root, Program, "bin", s_configuration, "net9.0", "JsonCases.dll");

    [Fact]
    [Trait("Category", "Long")]
    public async Task Every_shape_is_written_and_read_in_an_image_as_on_Linux()
    {
        var (status, expected, error) = await MorganaCommand.RunAsync(new CommandSettings { Program = "dotnet", Arguments = [Built] });
        Assert.True(status == 0, error);
        Assert.True(expected.Split('\n').Length > 80, expected);
        (status, string output, error) = await MorganaCommand.RunAsync("run", await Image.OfAsync(Program), "--publish", "0:80");
        Assert.True(status == 0, error);
        Assert.Equal(expected, output);
    }

    [Fact]
    public void The_compiler_is_told_to_keep_what_the_serializer_will_make()
    {
        string[] platform = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(':');
        string kept = JsonDirectives.Write([Built], platform);
        Assert.Contains("ListOfTConverter`2[[System.Collections.Generic.List`1[[System.Int32, System.Private.CoreLib]], System.Private.CoreLib],[System.Int32, System.Private.CoreLib]]", kept, StringComparison.Ordinal);
        Assert.Contains("JsonPropertyInfo`1[[System.Nullable`1[[Colour, JsonCases]], System.Private.CoreLib]]", kept, StringComparison.Ordinal);
        Assert.Contains("SmallObjectWithParameterizedConstructorConverter`5[[Forecast, JsonCases],[System.DateOnly, System.Private.CoreLib],", kept, StringComparison.Ordinal);
        // Not what code is made of.
        Assert.DoesNotContain("d__", kept, StringComparison.Ordinal);
        Assert.DoesNotContain("DisplayClass", kept, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_does_not_serialize_pays_nothing_and_who_does_is_found()
    {
        Assert.True(JsonDirectives.AreNeeded([Built]));
        Assert.False(JsonDirectives.AreNeeded([typeof(Morgana.Core.Instant).Assembly.Location]));
    }

    [Fact]
    public void Warnings_that_were_answered_are_not_told()
    {
        string file = Path.GetTempFileName();
        try
        {
            string[] warnings =
            [
                "A.cs(1): Trim analysis warning IL2026: A.B(): Using member 'System.Text.Json.JsonSerializer.Serialize<T>(T)' which has 'RequiresUnreferencedCodeAttribute' can break functionality when trimming application code. JSON serialization and deserialization might require types that cannot be statically analyzed. Use the overload that takes a JsonTypeInfo.",
                "A.cs(2): Trim analysis warning IL2057: A.B(): Unrecognized value.",
            ];
            File.WriteAllText(file, "-O\n");
            Assert.Equal(warnings, JsonWarnings.WithoutAnswered(warnings, file));
            File.WriteAllText(file, "-O\n--feature:System.Text.Json.JsonSerializer.IsReflectionEnabledByDefault=true\n");
            Assert.Equal([warnings[1]], JsonWarnings.WithoutAnswered(warnings, file));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
