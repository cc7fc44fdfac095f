// A program of .NET's cryptography and TLS that knows nothing of Morgana: prints a line for each case, the same wherever it runs.
bool isRootsAlone = args.Contains("roots");
foreach (var (name, run) in isRootsAlone ? Certificates.Roots : Primitives.All.Concat(Certificates.All).Concat(Handshakes.All))
{
    string result;
    try
    {
        result = await run();
    }
    catch (Exception e)
    {
        result = $"{e.GetType().Name}, {e.InnerException?.GetType().Name}";
        if (args.Contains("--verbose")) Console.Error.WriteLine(e);
    }

    Console.WriteLine($"{name}: {result}");
}
