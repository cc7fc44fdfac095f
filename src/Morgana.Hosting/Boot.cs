namespace Morgana.Hosting;

/// <summary>What every image does first.</summary>
internal static class Boot
{
    /// <summary>What a program is called that has no graph to say it: its file, written as graphs are called.</summary>
    private static string Program
    {
        get
        {
            string file = Path.GetFileName(Environment.GetCommandLineArgs()[0]);
            return Kebab(file.EndsWith(".dll", StringComparison.Ordinal) ? file[..^4] : file);
        }
    }

    /// <summary>Parses the process's command line. <c>--help</c> prints the help and ends the process.</summary>
    public static BootArguments Parse(IReadOnlyList<BootArgument> declared)
    {
        var arguments = BootArguments.Parse([.. Environment.GetCommandLineArgs().Skip(1)], declared);
        if (!arguments.IsHelpWanted) return arguments;
        Console.Out.Write(arguments.Help(Program));
        Environment.Exit(0);
        return arguments;
    }

    /// <summary>Runs the first steps; a mistake of whoever started the image ends the process with one line and status 64.</summary>
    /// <param name="first">The first steps.</param>
    /// <param name="name">What the program is called, if that is known.</param>
    public static T OrExit<T>(Func<T> first, string? name = null)
    {
        try
        {
            return first();
        }
        catch (Composition.BootException e)
        {
            Environment.Exit(Complain(e, name));
            throw;
        }
    }

    /// <summary>Says in one line what whoever started the image did wrong, and gives the exit status for it.</summary>
    public static int Complain(Composition.BootException mistake, string? name = null)
    {
        Console.Error.WriteLine(PlainText.OneLine($"{name ?? Program}: {mistake.Message}"));
        return BootArguments.UsageStatus;
    }

    /// <summary><c>EchoServer</c> is <c>echo-server</c>, as the generator has it.</summary>
    internal static string Kebab(string name)
    {
        var text = new System.Text.StringBuilder();
        for (int i = 0; i < name.Length; i++)
        {
            char c = name[i];
            bool begins = char.IsUpper(c) && i > 0 && (!char.IsUpper(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            if (begins && name[i - 1] is not ('_' or '-' or '.')) text.Append('-');
            text.Append(c == '_' ? '-' : char.ToLowerInvariant(c));
        }

        return text.ToString();
    }
}
