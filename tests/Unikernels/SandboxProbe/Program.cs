// Tries what a sandboxed guest must not do, at the word of whoever is connected: each line names an attempt, and is answered by one line.
using System.Runtime.InteropServices;
using Morgana.Core;
using Morgana.Hosting;
using SandboxProbe;

return await Unikernel.RunAsync(ServeAsync);

static async Task<int> ServeAsync(UnikernelContext context, CancellationToken stop)
{
    await using var listener = await context.Network.ListenAsync(new IpEndpoint(Ipv4Address.Any, 7), cancel: stop);
    while (await listener.AcceptAsync(stop) is { } connection)
    {
        await using (connection)
        {
            await using var stream = connection.AsStream();
            using var reader = new StreamReader(stream);
            await using var writer = new StreamWriter(stream) { AutoFlush = true };
            while (await reader.ReadLineAsync(stop) is { } line) await writer.WriteLineAsync(await AnswerAsync(line));
        }
    }

    return 0;
}

static async Task<string> AnswerAsync(string attempt)
{
    try
    {
        return attempt switch
        {
            "collect" => Attempts.Collect(),
            "threads" => await Attempts.StartThreadsAsync(),
            "managed file" => File.ReadAllText("/etc/passwd"),
            _ => Attempts.TryGetError(attempt, out int error) ? error == 0 ? "done" : Marshal.GetPInvokeErrorMessage(error) : "unknown",
        };
    }
    catch (Exception e)
    {
        return e.GetType().Name;
    }
}
