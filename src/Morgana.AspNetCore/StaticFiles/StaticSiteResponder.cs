using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Morgana.AspNetCore.StaticFiles;

/// <summary>Answers a request with a file: validators, conditions, codings and ranges.</summary>
internal sealed class StaticSiteResponder(StaticSite site)
{
    private const string Boundary = "morgana-byte-ranges-5d1c0a77";

    private readonly string _lastModified = HeaderUtilities.FormatDate(site.LastModified);

    public Task RespondAsync(HttpContext context)
    {
        string path = context.Request.Path.Value is { Length: > 0 } value ? value : "/";
        bool isFolder = site.IsFolder(path);
        if (!isFolder && site.Find(path) is not { } file) return NotFoundAsync(context);
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            context.Response.Headers.Allow = "GET, HEAD";
            context.Response.ContentLength = 0;
            return Task.CompletedTask;
        }

        return isFolder ? RedirectToFolder(context, path) : FileAsync(context, site.Find(path)!);
    }

    private Task FileAsync(HttpContext context, StaticFile file)
    {
        var headers = context.Request.Headers;
        var chosen = file.Select(Accepted(headers));
        var response = context.Response;
        // A 304 carries what the 200 would have carried of these (RFC 9110 15.4.5).
        response.Headers.ETag = chosen.ETag.ToString();
        response.Headers.LastModified = _lastModified;
        response.Headers.CacheControl = "no-cache";
        if (file.HasCodings) response.Headers.Vary = HeaderNames.AcceptEncoding;
        int status = Preconditions.Evaluate(headers, chosen.ETag, site.LastModified);
        if (status != StatusCodes.Status200OK)
        {
            response.StatusCode = status;
            return Task.CompletedTask;
        }

        response.Headers.AcceptRanges = "bytes";
        if (chosen.Coding is not null) response.Headers.ContentEncoding = chosen.Coding;
        // A Range means something for GET alone (RFC 9110 14.2).
        IReadOnlyList<ByteRange> ranges = [];
        if (HttpMethods.IsGet(context.Request.Method) && Preconditions.AllowsRange(headers, chosen.ETag, site.LastModified)
            && !ByteRanges.TrySelect(RangeHeaderValue.TryParse(headers.Range.ToString(), out var range) ? range : null, chosen.Content.Length, out ranges)) return NotSatisfiable(response, chosen);
        return ranges.Count switch
        {
            0 => WholeAsync(context, file, chosen),
            1 => PartAsync(response, file, chosen, ranges[0]),
            _ => PartsAsync(response, file, chosen, ranges),
        };
    }

    private static Task WholeAsync(HttpContext context, StaticFile file, Representation chosen)
    {
        context.Response.ContentType = file.ContentType;
        context.Response.ContentLength = chosen.Content.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : WriteAsync(context.Response, chosen.Content);
    }

    private static Task PartAsync(HttpResponse response, StaticFile file, Representation chosen, ByteRange range)
    {
        response.StatusCode = StatusCodes.Status206PartialContent;
        response.ContentType = file.ContentType;
        response.Headers.ContentRange = ContentRange(range, chosen.Content.Length);
        response.ContentLength = range.Length;
        return WriteAsync(response, chosen.Content.Slice(range.Offset, range.Length));
    }

    /// <summary>multipart/byteranges (RFC 9110 14.6).</summary>
    private static async Task PartsAsync(HttpResponse response, StaticFile file, Representation chosen, IReadOnlyList<ByteRange> ranges)
    {
        response.StatusCode = StatusCodes.Status206PartialContent;
        response.ContentType = "multipart/byteranges; boundary=" + Boundary;
        byte[] end = Encoding.ASCII.GetBytes($"\r\n--{Boundary}--\r\n");
        var heads = ranges.Select((range, i) => Encoding.ASCII.GetBytes(
            $"{(i == 0 ? "" : "\r\n")}--{Boundary}\r\nContent-Type: {file.ContentType}\r\nContent-Range: {ContentRange(range, chosen.Content.Length)}\r\n\r\n")).ToArray();
        response.ContentLength = heads.Sum(h => (long)h.Length) + ranges.Sum(r => (long)r.Length) + end.Length;
        for (int i = 0; i < heads.Length; i++)
        {
            await WriteAsync(response, heads[i]);
            await WriteAsync(response, chosen.Content.Slice(ranges[i].Offset, ranges[i].Length));
        }

        await WriteAsync(response, end);
    }

    private static Task NotSatisfiable(HttpResponse response, Representation chosen)
    {
        response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
        response.Headers.Remove(HeaderNames.ContentEncoding);
        response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{chosen.Content.Length}");
        response.ContentLength = 0;
        return Task.CompletedTask;
    }

    private Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        if (site.NotFound is not { } page)
        {
            context.Response.ContentLength = 0;
            return Task.CompletedTask;
        }

        var chosen = page.Select(Accepted(context.Request.Headers));
        context.Response.Headers.Vary = HeaderNames.AcceptEncoding;
        if (chosen.Coding is not null) context.Response.Headers.ContentEncoding = chosen.Coding;
        return WholeAsync(context, page, chosen);
    }

    private static Task RedirectToFolder(HttpContext context, string path)
    {
        // The path is one of the table's own, so it cannot lead to another host.
        context.Response.StatusCode = StatusCodes.Status308PermanentRedirect;
        context.Response.Headers.Location = path + "/" + context.Request.QueryString.ToUriComponent();
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    private static IList<StringWithQualityHeaderValue>? Accepted(IHeaderDictionary request) =>
        StringWithQualityHeaderValue.TryParseList(request.AcceptEncoding, out var accepted) ? accepted : null;

    private static string ContentRange(ByteRange range, int length) =>
        string.Create(CultureInfo.InvariantCulture, $"bytes {range.Offset}-{range.Offset + range.Length - 1}/{length}");

    private static async Task WriteAsync(HttpResponse response, ReadOnlyMemory<byte> content) => await response.BodyWriter.WriteAsync(content);
}
