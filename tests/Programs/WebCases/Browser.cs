using System.Net;
using System.Text.RegularExpressions;

namespace WebCases;

/// <summary>Asks for pages as a browser would: with cookies, and with the token of the form that it fills in.</summary>
internal sealed partial class Browser : IDisposable
{
    private readonly HttpClient _client;
    private string _token = "";

    public Browser(string address) => _client = new(new HttpClientHandler { AllowAutoRedirect = false, UseProxy = false })
    {
        BaseAddress = Address(address),
    };

    /// <summary>Where a server is, that listens on every address.</summary>
    public static Uri Address(string address) => new(address.Replace("[::]", "localhost", StringComparison.Ordinal).Replace("0.0.0.0", "localhost", StringComparison.Ordinal));

    public Task<string> GetAsync(string path) => AskAsync(new HttpRequestMessage(HttpMethod.Get, path));

    /// <summary>Sends a form, with the token of the last one that was shown.</summary>
    public Task<string> FillInAsync(string path, params (string Name, string Value)[] fields) => AskAsync(new HttpRequestMessage(HttpMethod.Post, path)
    {
        Content = new FormUrlEncodedContent(fields.Append(("__RequestVerificationToken", _token)).Select(f => KeyValuePair.Create(f.Item1, f.Item2))),
    });

    public Task<string> PostAsync(string path, string json) => AskAsync(new HttpRequestMessage(HttpMethod.Post, path)
    {
        Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json"),
    });

    public void Dispose() => _client.Dispose();

    private async Task<string> AskAsync(HttpRequestMessage request)
    {
        using var answer = await _client.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        if (Token().Match(text) is { Success: true } token) _token = WebUtility.HtmlDecode(token.Groups[1].Value);
        // What is protected, and what is counted anew in each process, says nothing.
        text = Ids().Replace(Markers().Replace(Token().Replace(text, "value=\"TOKEN\""), "<!--Blazor-->"), "ID");
        string lines = string.Join('\n', text.Split('\n').Select(l => l.TrimEnd()).Where(l => l.Length > 0));
        return $"{(int)answer.StatusCode} {answer.Content.Headers.ContentType} {answer.Headers.Location}\n{lines}";
    }

    [GeneratedRegex("(?<=name=\"__RequestVerificationToken\"[^>]*)value=\"([^\"]*)\"")]
    private static partial Regex Token();

    [GeneratedRegex("<!--/?Blazor[^>]*-->|<script type=\"importmap\">.*?</script>", RegexOptions.Singleline)]
    private static partial Regex Markers();

    // Of a request, of an activity, and of a file's content.
    [GeneratedRegex("\"traceId\":\"[^\"]*\"|(?<=site\\.)[a-z0-9]{10}(?=\\.css)")]
    private static partial Regex Ids();
}
