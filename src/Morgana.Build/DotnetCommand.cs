using System.Diagnostics;

namespace Morgana.Build;

/// <summary>The dotnet command, doing a build: its lines become steps, warnings and errors.</summary>
/// <param name="path">The command's file.</param>
/// <param name="log">Hears of them.</param>
/// <param name="collectsTrimming">Whether what the ahead-of-time compiler is not sure of is collected, instead of told line by line.</param>
internal sealed class DotnetCommand(string path, IBuildLog log, bool collectsTrimming = false)
{
    private const int MostErrors = 20;
    private readonly object _gate = new();
    private readonly List<string> _errors = [];
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly List<string> _trimming = [];
    private readonly Queue<string> _last = new();

    /// <summary>What the ahead-of-time compiler was not sure of; null if it did not run, since nothing that it reads had changed.</summary>
    public IReadOnlyList<string>? Trimming { get; private set; }

    /// <summary>The dotnet command that runs this very program, or else the first on the path.</summary>
    public static string Find()
    {
        string[] candidates =
        [
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "",
            Path.GetFileName(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "",
            .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(d => Path.Combine(d, "dotnet")),
        ];
        return candidates.FirstOrDefault(c => Path.IsPathRooted(c) && File.Exists(c))
            ?? throw new BuildException("dotnet is not installed. Morgana needs the .NET SDK 10: https://dotnet.microsoft.com/download");
    }

    /// <exception cref="BuildException">The command failed; the details are its errors.</exception>
    public async Task RunAsync(string[] arguments, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(path, [.. arguments, "-nologo", "-v:minimal", "-clp:NoSummary"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // A build that is started from inside another must not take that one's MSBuild for its own.
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray()) start.Environment.Remove(name);
        // As -nodeReuse:false, which is not understood where the project is a file of C#.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["DOTNET_NOLOGO"] = "1";

        using var process = Process.Start(start) ?? throw new BuildException($"{path} could not be started.");
        process.StandardInput.Close();
        Task reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
        try
        {
            await process.WaitForExitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        // The compiler's server outlives the build, and may keep the pipes open.
        await Task.WhenAny(reading, Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None));
        if (process.ExitCode != 0) throw Failure();
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_gate) Handle(line.Trim());
        }
    }

    // "FILE(LINE,COLUMN): error CODE: TEXT [PROJECT]", "NAME -> FILE", or whatever a tool said.
    private void Handle(string line)
    {
        if (line.Length == 0) return;
        _last.Enqueue(line);
        if (_last.Count > 12) _last.Dequeue();
        if (line.Contains(": error ", StringComparison.Ordinal) || line.StartsWith("error ", StringComparison.Ordinal))
        {
            string error = Shorten(line);
            if (_seen.Add(error)) _errors.Add(error);
        }
        else if (collectsTrimming && line.Contains("warning IL", StringComparison.Ordinal))
        {
            // The analyzers of the C# compiler say the same as the ahead-of-time compiler, and say it of code that is in no image.
            string warning = WithoutProject(line);
            if (Trimming is not null && _seen.Add(warning)) _trimming.Add(warning);
        }
        else if (line.Contains(": warning ", StringComparison.Ordinal))
        {
            string warning = Shorten(line);
            if (_seen.Add(warning)) log.Warning(warning);
        }
        else if (line.IndexOf(" -> ", StringComparison.Ordinal) is > 0 and var arrow && !line.EndsWith('/'))
        {
            log.Step("compiled " + line[..arrow]);
        }
        else if (line.StartsWith("Generating native code", StringComparison.Ordinal))
        {
            log.Step("compiling ahead of time");
            Trimming = _trimming;
        }
        else if (line.StartsWith("Determining projects to restore", StringComparison.Ordinal))
        {
            log.Step("restoring packages");
        }
    }

    private static string WithoutProject(string line)
    {
        int project = line.LastIndexOf(" [", StringComparison.Ordinal);
        return project > 0 && line.EndsWith(']') ? line[..project] : line;
    }

    private static string Shorten(string line)
    {
        line = WithoutProject(line);
        string here = Environment.CurrentDirectory + "/";
        return line.StartsWith(here, StringComparison.Ordinal) ? line[here.Length..] : line;
    }

    private BuildException Failure()
    {
        lock (_gate)
        {
            if (_errors.Count == 0) return new("The build failed:", [.. _last]);
            string count = _errors.Count == 1 ? "one error" : $"{_errors.Count} errors";
            string[] shown = [.. _errors.Take(MostErrors), .. _errors.Count > MostErrors ? [$"... and {_errors.Count - MostErrors} more"] : Array.Empty<string>()];
            return new($"The build failed with {count}:", shown);
        }
    }
}
