namespace Morgana.Hosting;

/// <summary>What every image does first.</summary>
internal static class Boot
{
    private static string Program => Path.GetFileName(Environment.GetCommandLineArgs()[0]);

    /// <summary>Parses the process's command line. <c>--help</c> prints the help and ends the process.</summary>
    public static BootArguments Parse(IReadOnlyList<BootArgument> declared)
    {
        var arguments = BootArguments.Parse([.. Environment.GetCommandLineArgs().Skip(1)], declared);
        if (!arguments.IsHelpWanted) return arguments;
        Console.Out.Write(arguments.Help(Path.GetFileNameWithoutExtension(Program)));
        Environment.Exit(0);
        return arguments;
    }

    /// <summary>Runs the first steps; a mistake of whoever started the image ends the process with one line and status 64.</summary>
    public static T OrExit<T>(Func<T> first)
    {
        try
        {
            return first();
        }
        catch (Composition.BootException e)
        {
            Environment.Exit(Complain(e));
            throw;
        }
    }

    /// <summary>Says in one line what whoever started the image did wrong, and gives the exit status for it.</summary>
    public static int Complain(Composition.BootException mistake)
    {
        Console.Error.WriteLine(PlainText.OneLine($"{Path.GetFileNameWithoutExtension(Program)}: {mistake.Message}"));
        return BootArguments.UsageStatus;
    }
}
