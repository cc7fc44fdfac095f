// Three ways not to wait for ever. What is waited for takes --work, and the patience with it is --limit.
using Morgana.Hosting;

return await Unikernel.RunAsync(
    RaceAsync,
    new BootArgument("work", "HH:MM:SS", "How long the work takes", "00:00:03"),
    new BootArgument("limit", "HH:MM:SS", "How long it may take", "00:00:01"));

static async Task<int> RaceAsync(UnikernelContext context, CancellationToken stop)
{
    var work = context.Arguments.Get<TimeSpan>("work");
    var limit = context.Arguments.Get<TimeSpan>("limit");
    Console.WriteLine("patience: " + await WaitAsync(work, limit, stop));
    Console.WriteLine("limit:    " + await LimitAsync(work, limit, stop));
    Console.WriteLine("race:     " + await FirstAsync([work, limit], stop));
    return 0;
}

// Patience: we stop waiting, and the work goes on. Right where it cannot be stopped, or its effect is wanted all the same.
static async Task<string> WaitAsync(TimeSpan work, TimeSpan patience, CancellationToken stop)
{
    try
    {
        return await WorkAsync("work", work, stop).WaitAsync(patience, stop);
    }
    catch (TimeoutException)
    {
        return "gave up, and the work goes on";
    }
}

// A limit: the work itself is told to stop, and has done so when we go on. Whose token it was tells a limit from the end of everything.
static async Task<string> LimitAsync(TimeSpan work, TimeSpan limit, CancellationToken stop)
{
    using var limited = CancellationTokenSource.CreateLinkedTokenSource(stop);
    limited.CancelAfter(limit);
    try
    {
        return await WorkAsync("work", work, limited.Token);
    }
    catch (OperationCanceledException) when (!stop.IsCancellationRequested)
    {
        return "the work was stopped";
    }
}

// A race: the first answer counts, and the others are told to stop and are waited for, so that none outlives the race.
static async Task<string> FirstAsync(IReadOnlyList<TimeSpan> times, CancellationToken stop)
{
    using var losers = CancellationTokenSource.CreateLinkedTokenSource(stop);
    Task<string>[] runners = [.. times.Select((time, number) => WorkAsync($"runner {number + 1}", time, losers.Token))];
    var winner = await Task.WhenAny(runners);
    await losers.CancelAsync();
    await Task.WhenAll(runners).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    return await winner + ", and nobody runs any more";
}

static async Task<string> WorkAsync(string name, TimeSpan time, CancellationToken stop)
{
    await Task.Delay(time, stop);
    return name + " is done";
}
