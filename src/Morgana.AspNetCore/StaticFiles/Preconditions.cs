using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Morgana.AspNetCore.StaticFiles;

/// <summary>Conditional requests (RFC 9110 13), in the order of 13.2.2.</summary>
internal static class Preconditions
{
    /// <returns>412, 304, or 200 where the request is to be carried out.</returns>
    public static int Evaluate(IHeaderDictionary request, EntityTagHeaderValue etag, DateTimeOffset lastModified)
    {
        // Step 1: If-Match compares strongly.
        if (request.ContainsKey(HeaderNames.IfMatch))
        {
            if (!Matches(request.IfMatch, etag, strong: true)) return StatusCodes.Status412PreconditionFailed;
        }

        // Step 2: If-Unmodified-Since, only without If-Match.
        else if (Date(request.IfUnmodifiedSince) is { } unmodified && lastModified > unmodified)
        {
            return StatusCodes.Status412PreconditionFailed;
        }

        // Step 3: If-None-Match compares weakly; step 4: If-Modified-Since, only without it.
        if (request.ContainsKey(HeaderNames.IfNoneMatch))
            return Matches(request.IfNoneMatch, etag, strong: false) ? StatusCodes.Status304NotModified : StatusCodes.Status200OK;
        return Date(request.IfModifiedSince) is { } modified && lastModified <= modified ? StatusCodes.Status304NotModified : StatusCodes.Status200OK;
    }

    /// <summary>Step 5: whether a Range may be served. If-Range compares strongly, and a date must be exactly ours (RFC 9110 13.1.5).</summary>
    public static bool AllowsRange(IHeaderDictionary request, EntityTagHeaderValue etag, DateTimeOffset lastModified)
    {
        if (!request.ContainsKey(HeaderNames.IfRange)) return true;
        if (EntityTagHeaderValue.TryParse(request.IfRange.ToString(), out var tag)) return tag.Compare(etag, useStrongComparison: true);
        // What is neither: the whole representation is always a right answer.
        return Date(request.IfRange) is { } date && date == lastModified;
    }

    private static DateTimeOffset? Date(StringValues field) => HeaderUtilities.TryParseDate(field.ToString(), out var date) ? date : null;

    private static bool Matches(StringValues field, EntityTagHeaderValue etag, bool strong)
    {
        if (!EntityTagHeaderValue.TryParseList(field, out var tags)) return false;
        foreach (var tag in tags)
            if (tag.Equals(EntityTagHeaderValue.Any) || tag.Compare(etag, strong)) return true;
        return false;
    }
}
