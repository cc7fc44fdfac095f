// Fetches a page as a client, over our own TCP: `./morgana run samples/Fetch -- --url=http://example.org/`.
using Morgana.AspNetCore;
using Morgana.Hosting;

return await Unikernel.RunAsync(
    FetchAsync,
    new BootArgument("url", "URL", "What is fetched", "http://example.org/"),
    new BootArgument("timeout", "HH:MM:SS", "How long the answer may take to begin", "00:00:30"));

static async Task<int> FetchAsync(UnikernelContext context, CancellationToken stop)
{
    string text = context.Arguments.Find("url")!;
    if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttp) throw new BootException($"--url={text}: expected http://...");
    // An ordinary HttpClient: only its connections are made by our stack.
    using var client = new HttpClient(MorganaHttp.CreateHandler(context.Network)) { Timeout = context.Arguments.Get<TimeSpan>("timeout") };
    try
    {
        using var response = await client.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, stop);
        await using var page = await response.Content.ReadAsStreamAsync(stop);
        await using var output = Console.OpenStandardOutput();
        await page.CopyToAsync(output, stop);
        return response.IsSuccessStatusCode ? 0 : 1;
    }
    catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException && !stop.IsCancellationRequested)
    {
        Console.Error.WriteLine($"fetch: {url}: {(e is TaskCanceledException ? "no answer in time" : e.Message)}");
        return 2;
    }
}
