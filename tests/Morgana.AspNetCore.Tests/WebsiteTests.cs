using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Morgana.AspNetCore.StaticFiles;
using Morgana.Core;
using Website;

namespace Morgana.AspNetCore.Tests;

/// <summary>The Website's own pages and figures.</summary>
public sealed partial class WebsiteTests : IAsyncLifetime
{
    private static readonly StaticSite Files = StaticSite.FromResources(typeof(Site).Assembly, "site/");

    private ServedSite _site = null!;
    private HttpClient _client = null!;

    public static TheoryData<string> Pages => [.. Files.Files.Select(f => f.Path).Where(p => p.EndsWith(".html", StringComparison.Ordinal)).Append("/status")];

    public async Task InitializeAsync()
    {
        _site = await ServedSite.StartAsync(app => app.UseWebsite());
        _client = _site.HttpClient();
    }

    public async Task DisposeAsync()
    {
        Assert.Empty(_site.Log.Lines);
        _client.Dispose();
        await _site.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task A_page_links_only_to_what_is_there_and_loads_nothing_from_elsewhere(string page)
    {
        using var response = await _client.GetAsync(page);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        string html = await response.Content.ReadAsStringAsync();
        Assert.DoesNotContain("{{", html, StringComparison.Ordinal);
        string[] targets = [.. Targets().Matches(html).Select(m => m.Groups[1].Value).Distinct()];
        Assert.NotEmpty(targets);
        foreach (string target in targets.Where(t => !t.StartsWith('#')))
        {
            Assert.StartsWith("/", target, StringComparison.Ordinal);
            using var there = await _client.GetAsync(target);
            Assert.True(there.StatusCode == HttpStatusCode.OK, $"{page} links to {target}: {there.StatusCode}");
        }
    }

    [Fact]
    public void No_script_style_or_picture_names_another_host() =>
        Assert.All(Files.Files, f =>
        {
            if (!f.ContentType.StartsWith("text/", StringComparison.Ordinal) && f.ContentType != "image/svg+xml") return;
            string text = System.Text.Encoding.UTF8.GetString(f.Identity.Content.Span).Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal);
            Assert.DoesNotMatch(@"(src|href|url\(|@import|fetch\()\s*=?\s*['""(]?(https?:)?//", text);
        });

    [Fact]
    public void Every_text_was_compressed_by_the_build_and_is_still_what_it_was()
    {
        string[] resources = typeof(Site).Assembly.GetManifestResourceNames();
        int compressed = 0;
        foreach (var file in Files.Files.Where(f => f.HasCodings))
        {
            foreach (var (coding, suffix) in new[] { ("br", ".br"), ("gzip", ".gz") })
            {
                Assert.Contains("site" + file.Path + suffix, resources);
                using var content = new MemoryStream(file.Select([new(coding)]).Content.ToArray());
                using Stream decoder = coding == "br" ? new BrotliStream(content, CompressionMode.Decompress) : new GZipStream(content, CompressionMode.Decompress);
                using var plain = new MemoryStream();
                decoder.CopyTo(plain);
                Assert.Equal(file.Identity.Content.ToArray(), plain.ToArray());
                compressed++;
            }
        }

        Assert.True(compressed > 10, $"{compressed}");
        Assert.DoesNotContain(Files.Files, f => f.Path.EndsWith(".br", StringComparison.Ordinal) || f.Path.EndsWith(".gz", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/status")]
    [InlineData("/status.json")]
    [InlineData("/metrics")]
    public async Task Figures_are_only_read(string path)
    {
        using var response = await _client.PostAsync(path, new StringContent("x"));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(["GET", "HEAD"], response.Content.Headers.Allow.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_status_page_shows_its_figures_without_a_script()
    {
        _ = await _client.GetStringAsync("/");
        string page = await _client.GetStringAsync("/status");
        Assert.Contains("<dd id=\"requests\">2</dd>", page, StringComparison.Ordinal);
        Assert.Contains("<dd id=\"connections\">1</dd>", page, StringComparison.Ordinal);
        Assert.Contains("ESTABLISHED 1", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_figures_as_JSON_are_all_that_the_script_reads()
    {
        using var figures = JsonDocument.Parse(await _client.GetStringAsync("/status.json"));
        var root = figures.RootElement;
        string script = await _client.GetStringAsync("/status.js");
        string[] read = [.. Regex.Matches(script, @"(?<![/\w])(?:status|last)\.((?:[a-zA-Z]+\.)*[a-zA-Z]+)").Select(m => m.Groups[1].Value).Distinct()];
        Assert.True(read.Length > 8, string.Join(' ', read));
        foreach (string path in read)
        {
            var at = root;
            foreach (string name in path.Split('.')) Assert.True(at.TryGetProperty(name, out at), $"{path} is not there");
        }

        Assert.Equal(1, root.GetProperty("tcp").GetProperty("states").GetProperty("ESTABLISHED").GetInt32());
        Assert.Equal(1, root.GetProperty("http").GetProperty("requests").GetInt64());
        Assert.True(root.GetProperty("gc").GetProperty("heap").GetInt64() > 0);
        Assert.True(root.GetProperty("pool").GetProperty("capacity").GetInt64() > 0);
    }

    [Fact]
    public async Task The_metrics_are_what_Prometheus_reads()
    {
        using var response = await _client.GetAsync("/metrics");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.GetValues("Content-Type").Single());
        string text = await response.Content.ReadAsStringAsync();
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var (helped, typed, seen) = (new HashSet<string>(), new Dictionary<string, string>(), new HashSet<string>());
        string family = "";
        foreach (string line in text.Split('\n')[..^1])
        {
            if (HelpLine().Match(line) is { Success: true } help)
            {
                family = help.Groups[1].Value;
                Assert.True(helped.Add(family), "HELP twice: " + line);
            }
            else if (TypeLine().Match(line) is { Success: true } type)
            {
                Assert.Equal(family, type.Groups[1].Value);
                Assert.True(typed.TryAdd(family, type.Groups[2].Value), "TYPE twice: " + line);
            }
            else
            {
                var sample = SampleLine().Match(line);
                Assert.True(sample.Success, "no sample: " + line);
                Assert.Equal(family, sample.Groups[1].Value);           // All of a family together, after its HELP and TYPE.
                Assert.True(seen.Add(sample.Groups[1].Value + sample.Groups[2].Value), "twice: " + line);
                double value = double.Parse(sample.Groups[3].Value, CultureInfo.InvariantCulture);
                Assert.True(value >= 0, line);
                Assert.Equal(typed[family] == "counter", family.EndsWith("_total", StringComparison.Ordinal));
            }
        }

        Assert.Equal(helped.Order(), typed.Keys.Order());
        Assert.Contains("morgana_http_requests_total", seen);
        Assert.Contains("morgana_tcp_connections{state=\"FIN-WAIT-2\"}", seen);
        foreach (var reason in Enum.GetValues<DropReason>().Where(r => r != DropReason.None)) Assert.Contains($"morgana_drops_total{{reason=\"{reason}\"}}", seen);
    }

    [Fact]
    public async Task Figures_answer_HEAD_too_and_are_never_kept()
    {
        foreach (string path in new[] { "/status", "/status.json", "/metrics" })
        {
            using var response = await _client.SendAsync(new(HttpMethod.Head, path));
            Assert.Equal((HttpStatusCode.OK, true), (response.StatusCode, response.Headers.CacheControl!.NoStore));
        }
    }

    [GeneratedRegex("""(?:href|src)="([^"]*)""")]
    private static partial Regex Targets();

    [GeneratedRegex(@"^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) [^\\\n]+$")]
    private static partial Regex HelpLine();

    [GeneratedRegex(@"^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge)$")]
    private static partial Regex TypeLine();

    [GeneratedRegex("""^([a-zA-Z_:][a-zA-Z0-9_:]*)((?:\{[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\n"])*"\})?) ([0-9.eE+-]+)$""")]
    private static partial Regex SampleLine();
}
