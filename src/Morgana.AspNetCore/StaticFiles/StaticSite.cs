using System.Collections.Frozen;
using System.Reflection;

namespace Morgana.AspNetCore.StaticFiles;

/// <summary>The files of a site by path. What is not in the table does not exist: no path can lead anywhere else.</summary>
public sealed class StaticSite
{
    private readonly FrozenDictionary<string, StaticFile> _files;
    private readonly FrozenSet<string> _folders;

    /// <summary>A site of these files.</summary>
    /// <param name="files">The files.</param>
    /// <param name="lastModified">When any of them last changed; whole seconds are kept, which is all that HTTP says.</param>
    public StaticSite(IEnumerable<StaticFile> files, DateTimeOffset lastModified)
    {
        _files = files.ToFrozenDictionary(f => f.Path, StringComparer.Ordinal);
        _folders = _files.Keys.Where(p => p.EndsWith("/index.html", StringComparison.Ordinal)).Select(p => p[..^"/index.html".Length])
            .Where(p => p.Length > 0).ToFrozenSet(StringComparer.Ordinal);
        LastModified = DateTimeOffset.FromUnixTimeSeconds(lastModified.ToUnixTimeSeconds());
        NotFound = _files.GetValueOrDefault("/404.html");
    }

    /// <summary>When the site last changed, in whole seconds.</summary>
    public DateTimeOffset LastModified { get; }

    /// <summary>The page that is shown where there is none: <c>/404.html</c>, if there is one.</summary>
    public StaticFile? NotFound { get; }

    /// <summary>All files.</summary>
    public IReadOnlyCollection<StaticFile> Files => _files.Values;

    /// <summary>The resources of <paramref name="assembly"/> whose logical names begin with <paramref name="prefix"/>; the rest of the name is the path.</summary>
    /// <remarks>
    /// <c>Last-Modified</c> is the assembly's metadata <c>SiteLastModified</c>, seconds since 1970, if the build wrote it: then the same sources
    /// say the same date, wherever and whenever they were built.
    /// </remarks>
    public static StaticSite FromResources(Assembly assembly, string prefix)
    {
        var files = assembly.GetManifestResourceNames().Where(n => n.StartsWith(prefix, StringComparison.Ordinal))
            .Select(n => new StaticFile("/" + n[prefix.Length..].Replace('\\', '/').TrimStart('/'), ResourceMemory.Open(assembly, n)));
        string? built = assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(a => a.Key == "SiteLastModified")?.Value;
        return new(files, long.TryParse(built, out long seconds) ? DateTimeOffset.FromUnixTimeSeconds(seconds) : DateTimeOffset.UnixEpoch);
    }

    /// <summary>Finds the file for a decoded path: itself, a folder's <c>index.html</c>, or a page without its <c>.html</c>.</summary>
    internal StaticFile? Find(string path)
    {
        if (_files.TryGetValue(path, out var file)) return file;
        if (path.EndsWith('/')) return _files.GetValueOrDefault(path + "index.html");
        return _files.GetValueOrDefault(path + ".html");
    }

    /// <summary>Whether the path names a folder and only lacks its slash, so that relative links would go astray.</summary>
    internal bool IsFolder(string path) => _folders.Contains(path);
}
