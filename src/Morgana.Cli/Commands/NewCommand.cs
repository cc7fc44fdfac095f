using System.CommandLine;
using System.Reflection;

namespace Morgana.Cli.Commands;

/// <summary><c>morgana new</c>: a project of the user's own, from the templates that are in the command.</summary>
internal static class NewCommand
{
    private const string Placeholder = "Unikernel1";
    private static readonly string[] Kinds = ["web", "unikernel", "device"];
    private static readonly Argument<string> Kind = new("KIND") { Description = "web: a web application; unikernel: a program without a web server; device: a library with a new kind of device" };
    private static readonly Argument<string> Name = new("NAME") { Description = "the project's name, and its folder's" };
    private static readonly Option<string> Feed = new("--feed") { Description = "a folder with Morgana's packages, as ./feed makes it", HelpName = "FOLDER" };

    public static Command Create()
    {
        var command = new Command("new", "Make a project of your own.") { Kind, Name, Feed };
        command.SetAction(result => Make(result.GetRequiredValue(Kind), result.GetRequiredValue(Name), result.GetValue(Feed)));
        return command;
    }

    private static int Make(string kind, string path, string? feed)
    {
        if (!Kinds.Contains(kind)) throw new CommandException($"there is no template '{kind}': there are {string.Join(", ", Kinds)}", ExitStatus.Usage);
        string folder = Path.GetFullPath(path), name = Path.GetFileName(folder.TrimEnd('/'));
        if (name.Length == 0 || !char.IsAsciiLetter(name[0]) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.')) throw new CommandException($"'{name}' is no name for a project: it begins with a letter, and has letters, digits, dots and underscores", ExitStatus.Usage);
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()) throw new CommandException($"{path} is there already, and not empty");
        if (feed is not null && !Directory.Exists(feed)) throw new CommandException($"--feed {feed}: there is no such folder; make one with ./feed {feed}");
        Directory.CreateDirectory(folder);
        var assembly = Assembly.GetExecutingAssembly();
        string prefix = $"template/{kind}/";
        foreach (string resource in assembly.GetManifestResourceNames().Where(r => r.StartsWith(prefix, StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            File.WriteAllText(Path.Combine(folder, resource[prefix.Length..].Replace(Placeholder, name)), reader.ReadToEnd().Replace(Placeholder, name));
        }

        if (feed is not null) File.WriteAllText(Path.Combine(folder, "NuGet.config"), $"""
            <configuration>
              <packageSources>
                <add key="morgana" value="{Path.GetFullPath(feed)}" />
              </packageSources>
            </configuration>

            """);
        Console.WriteLine(kind == "device" ? $"{path}: dotnet build" : $"{path}: cd {path} && dotnet run, or morgana run {path}");
        return ExitStatus.Done;
    }
}
