using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace Morgana.Cli.Commands;

/// <summary>The command line as a whole. What follows <c>--</c> is the guest's and is not looked at.</summary>
internal sealed class CommandLine
{
    /// <summary>Does what the arguments say.</summary>
    /// <returns>The exit status.</returns>
    public async Task<int> RunAsync(string[] args)
    {
        int separator = Array.IndexOf(args, "--");
        string[] own = separator < 0 ? args : args[..separator];
        string[] boot = separator < 0 ? [] : args[(separator + 1)..];

        var root = new RootCommand("Morgana compiles a .NET project, with the operating-system libraries it uses, into one static image, and runs it.")
        {
            NewCommand.Create(),
            RunCommand.Create(boot),
            CheckCommand.Create(),
            BuildCommand.Create(boot),
            DescribeCommand.Create(),
            InspectCommand.Create(),
            DoctorCommand.Create(),
            KeepJsonCommand.Create(),
        };
        if (own.Length == 0)
        {
            await root.Parse("--help").InvokeAsync();
            return ExitStatus.Usage;
        }

        ParseResult result = root.Parse(own);
        if (result.Action is ParseErrorAction or null || (result.Errors.Count > 0 && result.Action is not HelpAction)) throw Misunderstood(result);
        if (separator >= 0 && result.CommandResult.Command.Name is not ("run" or "build")) throw new CommandException("only run takes boot arguments after --, and build where it makes a disk", ExitStatus.Usage);
        // Signals are the commands' own: a guest has to be stopped in order.
        return await result.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }

    private static CommandException Misunderstood(ParseResult result)
    {
        bool isRoot = result.CommandResult.Command is RootCommand;
        string? stray = result.Tokens.FirstOrDefault(t => t.Type == TokenType.Argument && t.Value.StartsWith('-'))?.Value;
        string message = stray is not null ? $"there is no option {stray}"
            : isRoot && result.UnmatchedTokens.Count > 0 ? $"there is no command '{result.UnmatchedTokens[0]}'"
            : result.CommandResult.Command.Arguments.FirstOrDefault(a => result.GetResult(a) is null or { Tokens.Count: 0 }) is { } missing ? $"{result.CommandResult.Command.Name} needs a {missing.Name}"
            : result.Errors.FirstOrDefault()?.Message.TrimEnd('.') ?? "a command is missing";
        return new($"{message} (see ./morgana {(isRoot ? "" : result.CommandResult.Command.Name + " ")}--help)", ExitStatus.Usage);
    }
}
