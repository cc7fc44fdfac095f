using System.Net.Sockets;

namespace SocketCases;

/// <summary>Cases, each with a name and an outcome in words that must be the same on every system.</summary>
internal static partial class Case
{
    [System.Text.RegularExpressions.GeneratedRegex(":[0-9]+$")]
    private static partial System.Text.RegularExpressions.Regex Ports();

    [System.Text.RegularExpressions.GeneratedRegex(" [^ ]*mgs-[0-9]+-[0-9]+$")]
    private static partial System.Text.RegularExpressions.Regex Paths();

    public static string? Filter { get; set; }

    /// <summary>Runs a case, and prints what came of it: its words, or the exception's kind and code.</summary>
    public static void Run(string name, Func<string> body)
    {
        if (Filter is { } filter && !name.Contains(filter, StringComparison.Ordinal)) return;
        string outcome;
        try
        {
            // None may take long: a case that hangs is an outcome too.
            var task = Task.Run(body);
            outcome = task.Wait(TimeSpan.FromSeconds(60)) ? task.Result : "hangs";
        }
        catch (AggregateException e)
        {
            outcome = Describe(e.InnerException!);
        }

        Console.WriteLine($"{name}: {outcome}");
    }

    public static void Run(string name, Func<Task<string>> body) => Run(name, () => body().GetAwaiter().GetResult());

    public static string Describe(Exception e) => e switch
    {
        // Its ports and paths are others every time.
        SocketException s => $"SocketException {s.SocketErrorCode} {s.NativeErrorCode} {Paths().Replace(Ports().Replace(s.Message, ":port"), " path")}",
        IOException { InnerException: SocketException s } => $"IOException of {s.SocketErrorCode}",
        TypeInitializationException { InnerException: { } inner } => Describe(inner),
        EntryPointNotFoundException or DllNotFoundException => e.Message,
        _ => e.GetType().Name,
    };
}
