using System.Globalization;
using Sockets;

// Sockets echo|blocking|http CONNECTIONS MILLISECONDS, Sockets bulk MILLISECONDS, Sockets serve URL
switch (args)
{
    case ["serve", var address]:
        await Web.ServeAsync(address);
        return 0;
    case ["bulk", var milliseconds]:
        return await MeasureAsync(milliseconds, Bulk.RunAsync);
    case ["echo", var connections, var milliseconds]:
        return await MeasureAsync(milliseconds, meter => Echo.RunAsync(Number(connections), meter));
    case ["http", var connections, var milliseconds]:
        return await MeasureAsync(milliseconds, meter => Web.RunAsync(Number(connections), meter));
    case ["blocking", var connections, var milliseconds]:
        return await MeasureAsync(milliseconds, meter =>
        {
            Echo.RunBlocking(Number(connections), meter);
            return Task.CompletedTask;
        });
    default:
        Console.Error.WriteLine("usage: Sockets echo|blocking|http CONNECTIONS MILLISECONDS | bulk MILLISECONDS | serve URL");
        return 64;
}

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

static async Task<int> MeasureAsync(string milliseconds, Func<Meter, Task> run)
{
    var meter = new Meter(TimeSpan.FromMilliseconds(Number(milliseconds)));
    await run(meter);
    // A second; nanoseconds of processor time for each; octets of heap for each.
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{meter.Rate:F0} {meter.Processor * 1e9:F2} {meter.Allocated:F2}"));
    return 0;
}
