using System.CommandLine;
using Morgana.Build;
using Morgana.Build.Json;

namespace Morgana.Cli.Commands;

/// <summary><c>morgana keep-json</c>: says whether a program needs JSON by reflection, and if so, writes what for; a step of building an image, which MSBuild calls (Morgana.Sdk's Json.targets). It is not shown to users.</summary>
internal static class KeepJsonCommand
{
    public static Command Create()
    {
        var input = new Argument<FileInfo>("LIST") { Description = "A line for each assembly: own=FILE, or reference=FILE." };
        var output = new Argument<FileInfo>("DIRECTIVES") { Description = "What the ahead-of-time compiler reads." };
        var always = new Option<bool>("--always") { Description = "Whether or not the program seems to need it." };
        var command = new Command("keep-json", "Writes what an image has to have for JSON by reflection.") { input, output, always };
        command.Hidden = true;
        command.SetAction(parsed => Write(parsed.GetRequiredValue(input).FullName, parsed.GetRequiredValue(output).FullName, parsed.GetValue(always)));
        return command;
    }

    private static int Write(string list, string output, bool always)
    {
        string[] lines = File.ReadAllLines(list);
        bool isNeeded = always || JsonDirectives.AreNeeded(Of("own="));
        Console.WriteLine(isNeeded ? "true" : "false");
        if (!isNeeded) return ExitStatus.Done;
        string directives;
        try
        {
            directives = JsonDirectives.Write(Of("own="), Of("reference="));
        }
        catch (Exception e) when (e is BuildException or IOException or TypeLoadException or BadImageFormatException)
        {
            // As MSBuild reads it.
            Console.Error.WriteLine($"morgana : error : the program could not be looked at for its JSON, and <MorganaJsonReflection>false</MorganaJsonReflection> builds it without: {e.Message.ReplaceLineEndings(" ")}");
            return ExitStatus.Failed;
        }

        if (!File.Exists(output) || File.ReadAllText(output) != directives) File.WriteAllText(output, directives);
        return ExitStatus.Done;

        string[] Of(string kind) => [.. lines.Where(l => l.StartsWith(kind, StringComparison.Ordinal)).Select(l => l[kind.Length..])];
    }
}
