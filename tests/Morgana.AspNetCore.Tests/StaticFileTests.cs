using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Morgana.AspNetCore.StaticFiles;

namespace Morgana.AspNetCore.Tests;

public sealed class StaticFileTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Changed = new(2026, 5, 4, 3, 2, 1, TimeSpan.Zero);
    private static readonly byte[] Picture = [.. Enumerable.Range(0, 1000).Select(i => (byte)i)];
    private static readonly string Page = "<!DOCTYPE html>" + string.Concat(Enumerable.Repeat("<p>The same again.</p>", 100));

    private ServedSite _site = null!;
    private HttpClient _client = null!;

    public async Task InitializeAsync()
    {
        StaticFile[] files =
        [
            new("/index.html", Encoding.UTF8.GetBytes(Page)), new("/docs/index.html", Encoding.UTF8.GetBytes(Page)), new("/about.html", "a"u8.ToArray()),
            new("/404.html", "nothing there"u8.ToArray()), new("/picture.png", Picture), new("/style.css", "b{}"u8.ToArray()),
            new("/a.js", "1"u8.ToArray()), new("/logo.svg", "<svg/>"u8.ToArray()), new("/LICENSE", "free"u8.ToArray()),
        ];
        _site = await ServedSite.StartAsync(app => app.UseStaticSite(new StaticSite(files, Changed)));
        _client = _site.HttpClient();
    }

    public async Task DisposeAsync()
    {
        Assert.Empty(_site.Log.Lines);
        _client.Dispose();
        await _site.DisposeAsync();
    }

    [Theory]
    [InlineData("/", "text/html; charset=utf-8")]
    [InlineData("/about", "text/html; charset=utf-8")]
    [InlineData("/docs/", "text/html; charset=utf-8")]
    [InlineData("/style.css", "text/css; charset=utf-8")]
    [InlineData("/a.js", "text/javascript; charset=utf-8")]
    [InlineData("/logo.svg", "image/svg+xml")]
    [InlineData("/picture.png", "image/png")]
    [InlineData("/LICENSE", "application/octet-stream")]
    public async Task A_file_has_the_type_of_its_extension(string path, string type)
    {
        using var response = await _client.GetAsync(path);
        Assert.Equal((HttpStatusCode.OK, type), (response.StatusCode, response.Content.Headers.GetValues("Content-Type").Single()));
    }

    [Fact]
    public async Task A_client_that_has_the_file_already_is_told_so_by_tag_or_by_date()
    {
        using var first = await _client.GetAsync("/picture.png");
        Assert.Equal(Picture, await first.Content.ReadAsByteArrayAsync());
        Assert.Equal(Changed, first.Content.Headers.LastModified);
        string tag = first.Headers.ETag!.ToString();

        Assert.Equal(HttpStatusCode.NotModified, await StatusAsync(("If-None-Match", tag)));
        Assert.Equal(HttpStatusCode.NotModified, await StatusAsync(("If-None-Match", $"\"x\", W/{tag}")));
        Assert.Equal(HttpStatusCode.NotModified, await StatusAsync(("If-None-Match", "*")));
        Assert.Equal(HttpStatusCode.NotModified, await StatusAsync(("If-Modified-Since", Changed.ToString("R"))));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(("If-None-Match", "\"x\"")));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(("If-Modified-Since", Changed.AddSeconds(-1).ToString("R"))));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(("If-Modified-Since", "yesterday")));
        // RFC 9110 13.1.3: the date counts only where there is no tag.
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(("If-None-Match", "\"x\""), ("If-Modified-Since", Changed.ToString("R"))));
        Assert.Equal(HttpStatusCode.PreconditionFailed, await StatusAsync(("If-Match", "\"x\"")));
        Assert.Equal(HttpStatusCode.PreconditionFailed, await StatusAsync(("If-Unmodified-Since", Changed.AddSeconds(-1).ToString("R"))));
    }

    [Fact]
    public async Task A_304_has_the_validators_and_no_content()
    {
        using var response = await GetAsync("/", ("If-None-Match", "*"));
        Assert.Equal(HttpStatusCode.NotModified, response.StatusCode);
        Assert.NotNull(response.Headers.ETag);
        Assert.Equal("Accept-Encoding", response.Headers.Vary.Single());
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("bytes=0-9", 0, 10)]
    [InlineData("bytes=990-", 990, 10)]
    [InlineData("bytes=990-5000", 990, 10)]
    [InlineData("bytes=-1", 999, 1)]
    [InlineData("bytes=-5000", 0, 1000)]
    [InlineData("bytes=2000-,7-7", 7, 1)]
    public async Task One_range_is_served_as_it_is(string range, int offset, int length)
    {
        using var response = await GetAsync("/picture.png", ("Range", range));
        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal(new ContentRangeHeaderValue(offset, offset + length - 1, 1000), response.Content.Headers.ContentRange);
        Assert.Equal(Picture.AsSpan(offset, length).ToArray(), await response.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("bytes=1000-")]
    [InlineData("bytes=-0")]
    [InlineData("bytes=1000-1001,5000-")]
    public async Task A_range_beyond_the_end_is_answered_with_416_and_the_length(string range)
    {
        using var response = await GetAsync("/picture.png", ("Range", range));
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, response.StatusCode);
        Assert.Equal(new ContentRangeHeaderValue(1000), response.Content.Headers.ContentRange);
    }

    [Theory]
    [InlineData("bytes=5-2")]
    [InlineData("lines=1-2")]
    [InlineData("bytes=")]
    [InlineData("bytes=0-999,0-999")]
    [InlineData("bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,24-24,26-26,28-28,30-30,32-32")]
    [InlineData("bytes=99999999999999999999-")]
    public async Task A_range_that_makes_no_sense_or_is_too_dear_gets_the_whole_file(string range)
    {
        using var response = await GetAsync("/picture.png", ("Range", range));
        Assert.Equal((HttpStatusCode.OK, 1000L), (response.StatusCode, response.Content.Headers.ContentLength));
    }

    [Fact]
    public async Task Several_ranges_come_as_parts_with_their_places()
    {
        using var response = await GetAsync("/picture.png", ("Range", "bytes=65-67,-2"));
        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        string boundary = response.Content.Headers.ContentType!.Parameters.Single().Value!;
        Assert.Equal(
            $"--{boundary}\r\nContent-Type: image/png\r\nContent-Range: bytes 65-67/1000\r\n\r\nABC\r\n"
            + $"--{boundary}\r\nContent-Type: image/png\r\nContent-Range: bytes 998-999/1000\r\n\r\n\u00e6\u00e7\r\n--{boundary}--\r\n",
            Encoding.Latin1.GetString(await response.Content.ReadAsByteArrayAsync()));
    }

    [Fact]
    public async Task A_range_is_served_only_of_the_version_that_the_client_has_begun()
    {
        using var first = await _client.GetAsync("/picture.png");
        string tag = first.Headers.ETag!.ToString();

        Assert.Equal(HttpStatusCode.PartialContent, await StatusAsync(("Range", "bytes=0-0"), ("If-Range", tag)));
        Assert.Equal(HttpStatusCode.PartialContent, await StatusAsync(("Range", "bytes=0-0"), ("If-Range", Changed.ToString("R"))));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(("Range", "bytes=0-0"), ("If-Range", "\"x\"")));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(("Range", "bytes=0-0"), ("If-Range", "W/" + tag)));       // RFC 9110 13.1.5: strongly
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(("Range", "bytes=0-0"), ("If-Range", Changed.AddSeconds(1).ToString("R"))));
    }

    [Fact]
    public async Task HEAD_says_what_GET_would_say_and_ignores_ranges()
    {
        using var get = await _client.GetAsync("/picture.png");
        using var request = new HttpRequestMessage(HttpMethod.Head, "/picture.png");
        request.Headers.Add("Range", "bytes=0-1");
        using var head = await _client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal(1000, head.Content.Headers.ContentLength);
        Assert.Equal(get.Headers.ETag, head.Headers.ETag);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("gzip", "gzip")]
    [InlineData("gzip, deflate, br", "br")]
    [InlineData("*", "br")]
    [InlineData("br;q=0.1, gzip;q=0.9", "gzip")]
    [InlineData("br;q=0, *;q=0.5", "gzip")]
    [InlineData("br;q=0, gzip;q=0", null)]
    [InlineData("*;q=0", null)]
    [InlineData("identity", null)]
    [InlineData("zstd", null)]
    [InlineData("br;q=nonsense", null)]
    public async Task The_coding_is_the_best_that_the_client_takes(string? accepted, string? coding)
    {
        using var response = accepted is null ? await GetAsync("/") : await GetAsync("/", ("Accept-Encoding", accepted));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(coding, response.Content.Headers.ContentEncoding.SingleOrDefault());
        Assert.Equal("Accept-Encoding", response.Headers.Vary.Single());
        Assert.Equal(Page, await DecodedAsync(response, coding));
        if (coding is not null) Assert.True(response.Content.Headers.ContentLength < Page.Length / 4);
    }

    [Fact]
    public async Task Every_coding_has_a_tag_of_its_own_and_pictures_are_not_coded()
    {
        using var plain = await GetAsync("/");
        using var brotli = await GetAsync("/", ("Accept-Encoding", "br"));
        using var gzip = await GetAsync("/", ("Accept-Encoding", "gzip"));
        Assert.Equal(3, new[] { plain, brotli, gzip }.Select(r => r.Headers.ETag!.Tag).Distinct().Count());
        using var again = await GetAsync("/", ("Accept-Encoding", "br"), ("If-None-Match", brotli.Headers.ETag!.ToString()));
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        using var other = await GetAsync("/", ("Accept-Encoding", "gzip"), ("If-None-Match", brotli.Headers.ETag!.ToString()));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);

        using var picture = await GetAsync("/picture.png", ("Accept-Encoding", "br, gzip"));
        Assert.Empty(picture.Content.Headers.ContentEncoding);
        Assert.Empty(picture.Headers.Vary);
    }

    [Fact]
    public void What_was_compressed_beforehand_is_sent_as_it_was()
    {
        var file = new StaticFile("/style.css", new byte[1000], brotli: new byte[] { 1, 2 }, gzip: new byte[] { 3, 4, 5 });
        Assert.Equal([1, 2], file.Select([new("br")]).Content.ToArray());
        Assert.Equal([3, 4, 5], file.Select([new("gzip")]).Content.ToArray());
        Assert.Equal(1000, file.Select([new("identity")]).Content.Length);
        Assert.Equal(3, new[] { "br", "gzip", "identity" }.Select(c => file.Select([new(c)]).ETag.Tag).Distinct().Count());
        // What compressing has made longer is not worth sending.
        Assert.Equal(1000, new StaticFile("/style.css", new byte[1000], brotli: new byte[1001]).Select([new("br")]).Content.Length);
    }

    [Fact]
    public async Task What_is_not_there_gets_the_404_page()
    {
        using var response = await _client.GetAsync("/nowhere");
        Assert.Equal((HttpStatusCode.NotFound, "nothing there"), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        using var head = await _client.SendAsync(new(HttpMethod.Head, "/nowhere"));
        Assert.Equal(HttpStatusCode.NotFound, head.StatusCode);
    }

    [Fact]
    public async Task A_folder_without_its_slash_is_redirected_to_itself_alone()
    {
        using var response = await _client.GetAsync("/docs?a=b%0d%0a");
        Assert.Equal((HttpStatusCode)308, response.StatusCode);
        Assert.Equal("/docs/?a=b%0d%0a", response.Headers.GetValues("Location").Single());
    }

    [Fact]
    public async Task Other_methods_are_not_allowed()
    {
        using var response = await _client.PostAsync("/", new StringContent("x"));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(["GET", "HEAD"], response.Content.Headers.Allow.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("/../../etc/passwd", 404)]
    [InlineData("/%2e%2e/%2e%2e/etc/passwd", 404)]
    [InlineData("/docs/..%2f..%2fetc/passwd", 404)]
    [InlineData("/docs/%5c..%5c..%5cetc", 404)]
    [InlineData("/docs\\..\\index.html", 404)]
    [InlineData("//", 404)]
    [InlineData("//10.0.0.9/docs", 404)]
    [InlineData("/index.html/", 404)]
    [InlineData("/index.html%20", 404)]
    [InlineData("/INDEX.HTML", 404)]
    [InlineData("/docs/../docs/./", 200)]
    [InlineData("/%69ndex.html", 200)]
    [InlineData("/%C0%AE%C0%AE/", 404)]
    [InlineData("/%zz", 404)]
    [InlineData("/index.html%00.png", 400)]
    [InlineData("/\u00ff", 400)]
    public async Task No_path_leads_out_of_the_site(string target, int status)
    {
        string answer = await _site.ExchangeAsync($"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
    }

    private static async Task<string> DecodedAsync(HttpResponseMessage response, string? coding)
    {
        var content = await response.Content.ReadAsStreamAsync();
        using var reader = new StreamReader(coding switch
        {
            "br" => new BrotliStream(content, CompressionMode.Decompress),
            "gzip" => new GZipStream(content, CompressionMode.Decompress),
            _ => content,
        });
        return await reader.ReadToEndAsync();
    }

    private async Task<HttpStatusCode> StatusAsync(params (string Name, string Value)[] fields)
    {
        using var response = await GetAsync("/picture.png", fields);
        return response.StatusCode;
    }

    private async Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] fields)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in fields) Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        return await _client.SendAsync(request);
    }
}
