namespace Morgana.AspNetCore.StaticFiles;

/// <summary>Media types by file extension, and whether content of that type is worth compressing.</summary>
internal static class ContentTypes
{
    public static (string Type, bool IsCompressible) Of(ReadOnlySpan<char> path)
    {
        int dot = path.LastIndexOf('.');
        int slash = path.LastIndexOf('/');
        return dot <= slash ? ("application/octet-stream", false) : OfExtension(path[(dot + 1)..]);
    }

    private static (string Type, bool IsCompressible) OfExtension(ReadOnlySpan<char> extension) => extension switch
    {
        "html" or "htm" => ("text/html; charset=utf-8", true),
        "css" => ("text/css; charset=utf-8", true),
        "js" or "mjs" => ("text/javascript; charset=utf-8", true),
        "json" => ("application/json", true),
        "xml" => ("application/xml", true),
        "txt" => ("text/plain; charset=utf-8", true),
        "md" => ("text/markdown; charset=utf-8", true),
        "csv" => ("text/csv; charset=utf-8", true),
        "svg" => ("image/svg+xml", true),
        "webmanifest" => ("application/manifest+json", true),
        "wasm" => ("application/wasm", true),
        "ico" => ("image/x-icon", true),
        "png" => ("image/png", false),
        "jpg" or "jpeg" => ("image/jpeg", false),
        "gif" => ("image/gif", false),
        "webp" => ("image/webp", false),
        "avif" => ("image/avif", false),
        "woff2" => ("font/woff2", false),
        "woff" => ("font/woff", false),
        "pdf" => ("application/pdf", false),
        "gz" => ("application/gzip", false),
        "zip" => ("application/zip", false),
        "mp4" => ("video/mp4", false),
        "webm" => ("video/webm", false),
        _ => ("application/octet-stream", false),
    };
}
