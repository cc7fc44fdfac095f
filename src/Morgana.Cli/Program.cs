using Morgana.Build;
using Morgana.Cli;
using Morgana.Cli.Commands;

try
{
    return await new CommandLine().RunAsync(args);
}
catch (CommandException e)
{
    Console.Error.WriteLine("morgana: " + e.Message);
    return e.Status;
}
catch (BuildException e)
{
    Console.Error.WriteLine("morgana: " + e.Message);
    foreach (string line in e.Details) Console.Error.WriteLine("  " + line);
    return ExitStatus.Failed;
}
catch (OperationCanceledException)
{
    return ExitStatus.Done;         // Ctrl-C while building: that was the user's wish.
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine("morgana: " + e.Message);
    return ExitStatus.Failed;
}
