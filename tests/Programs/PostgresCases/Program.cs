// A program of Npgsql's that knows nothing of Morgana: PostgresCases HOST PORT. It prints a line for each case, the same wherever it runs.
using Npgsql;

var cases = new PostgresCases.Cases($"Host={args[0]};Port={args[1]};Username=cases;Database=postgres;Maximum Pool Size=5;Timeout=60");
foreach (var (name, run) in cases.All)
{
    string result;
    try
    {
        result = await run();
    }
    catch (PostgresException e)
    {
        result = $"PostgresException {e.SqlState}";
    }
    catch (Exception e)
    {
        result = $"{e.GetType().Name}, {e.InnerException?.GetType().Name} {(e.InnerException as PostgresException)?.SqlState}{(e.InnerException as System.Net.Sockets.SocketException)?.SocketErrorCode}";
        if (args.Contains("--verbose")) Console.Error.WriteLine(e);
    }

    Console.WriteLine($"{name}: {result}");
}
