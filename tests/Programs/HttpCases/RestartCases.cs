using System.Net;

namespace HttpCases;

/// <summary>nginx reads its settings again, is started again, and is gone for a while.</summary>
internal sealed class RestartCases(string host, string http, string https)
{
    private readonly HttpClient _client = new() { BaseAddress = new Uri($"http://{host}:{http}/"), Timeout = TimeSpan.FromMinutes(2) };
    private readonly HttpClient _newer = TlsCases.Client(host, https, HttpVersion.Version20);

    public IEnumerable<Case> All =>
    [
        new("settings read again while a page is downloaded", ReloadAsync),
        new("the server started again while pages are downloaded", RestartAsync),
        new("eight connections of a pool that the server has ended", StaleAsync),
        new("a server that is gone", GoneAsync),
    ];

    // Whoever is served by the old settings is served to the end; the new ones are for new connections.
    private async Task<string> ReloadAsync()
    {
        string before = $"{await _client.GetStringAsync("/generation")} {await _newer.GetStringAsync("/generation")}";
        using var plain = await _client.GetAsync("/steady", HttpCompletionOption.ResponseHeadersRead);
        using var newer = await _newer.GetAsync("/steady", HttpCompletionOption.ResponseHeadersRead);
        Case.Ask("reload");
        string content = $"{await Case.HashAsync(await plain.Content.ReadAsStreamAsync())} {await Case.HashAsync(await newer.Content.ReadAsStreamAsync())}";
        return $"{before}, {content}, {await AgainAsync(_client)} {await AgainAsync(_newer)}";
    }

    private async Task<string> RestartAsync()
    {
        using var plain = await _client.GetAsync("/trickle", HttpCompletionOption.ResponseHeadersRead);
        using var newer = await _newer.GetAsync("/trickle", HttpCompletionOption.ResponseHeadersRead);
        Case.Ask("restart");
        string content = $"{await EndAsync(plain)}; {await EndAsync(newer)}";
        return $"{content}; {await AgainAsync(_client)} {await AgainAsync(_newer)}";
    }

    private async Task<string> StaleAsync()
    {
        string before = string.Join(' ', (await GetAsync()).Distinct());
        Case.Ask("restart");
        return $"{before}, {string.Join(' ', (await GetAsync()).Distinct())}";

        Task<string[]> GetAsync() => Task.WhenAll(Enumerable.Range(0, 8).Select(i => AgainAsync(_client, $"?{i}")));
    }

    private async Task<string> GoneAsync()
    {
        Case.Ask("stop");
        string gone = "";
        // A connection of the pool may not have heard of the end: the next one is refused.
        for (int tries = 0; tries < 10 && !gone.Contains("Refused", StringComparison.Ordinal); tries++)
        {
            try
            {
                gone = await _client.GetStringAsync("/generation");
            }
            catch (HttpRequestException e)
            {
                gone = Case.Describe(e);
            }
        }

        Case.Ask("start");
        return $"{gone}; {await AgainAsync(_client)}";
    }

    // On a long line a request goes out by a connection whose end is still on its way: then it is made again, as a program would have to.
    private static async Task<string> AgainAsync(HttpClient client, string query = "")
    {
        for (int tries = 0; ; tries++)
        {
            try
            {
                return await client.GetStringAsync("/generation" + query);
            }
            catch (HttpRequestException e) when (tries < 10 && e.InnerException is IOException)
            {
            }
        }
    }

    private static async Task<string> EndAsync(HttpResponseMessage answer)
    {
        try
        {
            return await Case.HashAsync(await answer.Content.ReadAsStreamAsync());
        }
        catch (Exception e) when (e is HttpIOException or HttpRequestException or IOException)
        {
            return Case.Describe(e);
        }
    }
}
